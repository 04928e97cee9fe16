BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0005');
CREATE TABLE answers (
	call_id TEXT NOT NULL, 
	item TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	turn_index INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	status TEXT NOT NULL, 
	value_json TEXT, 
	value_text TEXT, 
	via TEXT NOT NULL, 
	tries INTEGER NOT NULL, 
	confirmed BOOLEAN NOT NULL, 
	closed TEXT NOT NULL, 
	open TEXT NOT NULL, 
	confidence FLOAT, audio BOOLEAN, 
	CONSTRAINT pk_answers PRIMARY KEY (call_id, item, revision), 
	CONSTRAINT fk_answers_turns FOREIGN KEY(call_id, turn_index) REFERENCES turns (call_id, turn_index)
);
INSERT INTO "answers" VALUES('finished','pain',1,1,'2026-01-02 10:00:00.000000','answered','7',NULL,'speech',1,1,'x','x',NULL,NULL);
INSERT INTO "answers" VALUES('finished','pain',2,2,'2026-01-02 10:00:00.000000','answered','8',NULL,'speech',1,1,'x','x',NULL,NULL);
CREATE TABLE calls (
	call_id TEXT NOT NULL, 
	provider TEXT NOT NULL, 
	questionnaire TEXT NOT NULL, 
	questionnaire_version TEXT NOT NULL, 
	questionnaire_hash TEXT NOT NULL, 
	model TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	disposition TEXT, 
	provider_call_id TEXT, 
	stream_id TEXT, 
	caller_number TEXT, 
	callee_number TEXT, 
	direction TEXT, 
	custom_json TEXT NOT NULL, kind TEXT DEFAULT 'conversation' NOT NULL, 
	CONSTRAINT pk_calls PRIMARY KEY (call_id)
);
INSERT INTO "calls" VALUES('finished','x','x','x','x','x','2026-01-02 10:00:00.000000','2026-01-02 10:00:00.000000','completed',NULL,NULL,'+966110000001',NULL,NULL,'{"campaign":"ب"}','conversation');
INSERT INTO "calls" VALUES('died','x','x','x','x','x','2026-01-02 10:00:00.000000',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{}','conversation');
CREATE TABLE dialogue_states (
	call_id TEXT NOT NULL, 
	turn_index INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	state_json TEXT NOT NULL, 
	CONSTRAINT pk_dialogue_states PRIMARY KEY (call_id), 
	CONSTRAINT fk_dialogue_states_turns FOREIGN KEY(call_id, turn_index) REFERENCES turns (call_id, turn_index)
);
INSERT INTO "dialogue_states" VALUES('finished',2,'2026-01-02 10:00:00.000000','{}');
INSERT INTO "dialogue_states" VALUES('died',1,'2026-01-02 10:00:00.000000','{}');
CREATE TABLE notifications (
	call_id TEXT NOT NULL, 
	turn_index INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	escalation TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	item TEXT, 
	recipients_json TEXT NOT NULL, 
	acknowledge_by DATETIME NOT NULL, 
	acknowledged_at DATETIME, 
	acknowledged_by TEXT, delivered_at DATETIME, 
	CONSTRAINT pk_notifications PRIMARY KEY (call_id, turn_index, number), 
	CONSTRAINT fk_notifications_turns FOREIGN KEY(call_id, turn_index) REFERENCES turns (call_id, turn_index)
);
INSERT INTO "notifications" VALUES('finished',2,1,'2026-01-02 10:00:00.000000','x','x',NULL,'["nurse"]','2026-01-02 10:00:00.000000',NULL,NULL,NULL);
CREATE TABLE phone_calls (
	provider TEXT NOT NULL, 
	provider_call_id TEXT NOT NULL, 
	reference TEXT, 
	caller_number TEXT, 
	callee_number TEXT, 
	direction TEXT, 
	status TEXT NOT NULL, 
	rank INTEGER NOT NULL, 
	answered_by TEXT, 
	seconds FLOAT, 
	began_at DATETIME NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_phone_calls PRIMARY KEY (provider, provider_call_id)
);
INSERT INTO "phone_calls" VALUES('twilio','CA1',NULL,NULL,NULL,NULL,'completed',3,NULL,NULL,'2026-01-02 10:00:00.000000','2026-01-02 10:00:00.000000');
CREATE TABLE questionnaires (
	hash TEXT NOT NULL, 
	questionnaire TEXT NOT NULL, 
	version TEXT NOT NULL, 
	source TEXT NOT NULL, 
	common TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_questionnaires PRIMARY KEY (hash)
);
INSERT INTO "questionnaires" VALUES('h','q','1','id: q','','2026-01-02 10:00:00.000000');
CREATE TABLE redeemed_tokens (
	token_id TEXT NOT NULL, 
	expires_at DATETIME NOT NULL, 
	redeemed_at DATETIME NOT NULL, 
	CONSTRAINT pk_redeemed_tokens PRIMARY KEY (token_id)
);
INSERT INTO "redeemed_tokens" VALUES('t1','2026-01-02 10:00:00.000000','2026-01-02 10:00:00.000000');
CREATE TABLE sounds (
	call_id TEXT NOT NULL, 
	turn_index INTEGER NOT NULL, 
	ulaw BLOB NOT NULL, 
	CONSTRAINT pk_sounds PRIMARY KEY (call_id, turn_index), 
	CONSTRAINT fk_sounds_turns FOREIGN KEY(call_id, turn_index) REFERENCES turns (call_id, turn_index)
);
INSERT INTO "sounds" VALUES('finished',2,X'FF7F00');
CREATE TABLE turns (
	call_id TEXT NOT NULL, 
	turn_index INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	item TEXT, 
	input TEXT NOT NULL, 
	closed TEXT NOT NULL, 
	open TEXT NOT NULL, 
	confidence FLOAT, 
	meaning TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	value_json TEXT, 
	prompt TEXT NOT NULL, 
	prompt_seconds FLOAT NOT NULL, 
	prompt_heard_seconds FLOAT NOT NULL, 
	prompt_acknowledged BOOLEAN NOT NULL, 
	speech_seconds FLOAT NOT NULL, 
	endpoint_ms FLOAT, 
	recognise_ms FLOAT, 
	understand_ms FLOAT, 
	commit_ms FLOAT, 
	first_audio_ms FLOAT, 
	total_ms FLOAT, 
	CONSTRAINT pk_turns PRIMARY KEY (call_id, turn_index), 
	CONSTRAINT fk_turns_calls FOREIGN KEY(call_id) REFERENCES calls (call_id)
);
INSERT INTO "turns" VALUES('finished',1,'2026-01-02 10:00:00.000000','pain','x','سبعة','x',NULL,'x','x','7','x',1.0,1.0,1,1.0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "turns" VALUES('finished',2,'2026-01-02 10:00:00.000000','pain','x','ثمانية','x',NULL,'x','x','8','x',1.0,1.0,1,1.0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "turns" VALUES('died',1,'2026-01-02 10:00:00.000000',NULL,'x','','x',NULL,'x','x',NULL,'x',1.0,1.0,1,1.0,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE utterances (
	call_id TEXT NOT NULL, 
	utterance_index INTEGER NOT NULL, 
	channel TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	started_seconds FLOAT NOT NULL, 
	ended_seconds FLOAT NOT NULL, 
	text TEXT NOT NULL, 
	confidence FLOAT NOT NULL, 
	CONSTRAINT pk_utterances PRIMARY KEY (call_id, utterance_index), 
	CONSTRAINT fk_utterances_calls FOREIGN KEY(call_id) REFERENCES calls (call_id)
);
INSERT INTO "utterances" VALUES('finished',1,'caller','2026-01-02 10:00:00.000000',1.0,1.0,'نعم',1.0);
CREATE INDEX ix_calls_started_at ON calls (started_at);
CREATE INDEX ix_redeemed_tokens_expires_at ON redeemed_tokens (expires_at);
CREATE INDEX ix_notifications_acknowledged_at ON notifications (acknowledged_at);
CREATE INDEX ix_phone_calls_reference ON phone_calls (reference);
COMMIT;
