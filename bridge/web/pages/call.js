// A call from a web page, in the words of docs/generic-protocol.md. A stream token is what follows the # of the address.

const RATES = [16000, 48000, 44100]; // what Hatif takes; the first wastes least, and not every browser has it
const [OPUS, PCM] = ["hatif.opus", "hatif.pcm"]; // subprotocols: what we send; what we hear is PCM
const TEXTS = {
  ar: {
    title: "هاتف",
    about: "سيطرح عليك صوت آلي بضعة أسئلة. أجب بصوتك أو بالأزرار.",
    call: "ابدأ المكالمة",
    hangUp: "أنهِ المكالمة",
    other: "English",
    ready: "",
    microphone: "اسمح باستخدام الميكروفون.",
    connecting: "جارٍ الاتصال…",
    talking: "أنت في المكالمة.",
    ended: "انتهت المكالمة. شكرًا لك.",
    noMicrophone: "تعذّر استخدام الميكروفون. تحقق من إذن المتصفح ثم حاول مرة أخرى.",
    refused: "لم تُقبل المكالمة. قد يكون الرابط مستعملًا أو منتهي الصلاحية.",
    broken: "انقطعت المكالمة. حاول مرة أخرى.",
  },
  en: {
    title: "Hatif",
    about: "An automatic voice asks you a few questions in Arabic. Answer by voice or with the keys.",
    call: "Start the call",
    hangUp: "End the call",
    other: "العربية",
    ready: "",
    microphone: "Please allow the microphone.",
    connecting: "Connecting…",
    talking: "You are in the call.",
    ended: "The call has ended. Thank you.",
    noMicrophone: "The microphone cannot be used. Check the browser's permission and try again.",
    refused: "The call was not taken. The link may have been used already, or be too old.",
    broken: "The call was cut off. Please try again.",
  },
};

const element = (id) => document.getElementById(id);
const state = { language: navigator.languages.some((each) => each.startsWith("ar")) ? "ar" : "en", status: "ready", call: null };

function show(status = state.status) {
  state.status = status;
  const texts = TEXTS[state.language];
  document.documentElement.lang = state.language;
  document.documentElement.dir = state.language === "ar" ? "rtl" : "ltr";
  document.title = texts.title;
  for (const each of document.querySelectorAll("[data-text]")) each.textContent = texts[each.dataset.text];
  element("status").textContent = texts[status];
  element("language").textContent = texts.other;
  element("language").lang = state.language === "ar" ? "en" : "ar";
  element("call").textContent = state.call ? texts.hangUp : texts.call;
  element("call").classList.toggle("on", state.call !== null);
  element("keys").hidden = status !== "talking";
}

/** What an encoder of Opus would be given; null where this browser has none. */
async function opusAt(sampleRate) {
  const config = { codec: "opus", sampleRate, numberOfChannels: 1, bitrate: 24000, opus: { frameDuration: 20000 } };
  try {
    return (await AudioEncoder.isConfigSupported(config)).supported ? config : null;
  } catch {
    return null; // no WebCodecs, or not here: they are for secure pages
  }
}

/** The microphone, and a context at a rate in which this browser takes it. */
async function openSound() {
  const microphone = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
  for (const sampleRate of RATES) {
    const context = new AudioContext({ sampleRate, latencyHint: "interactive" });
    try {
      const source = context.createMediaStreamSource(microphone);
      await context.audioWorklet.addModule("sound.js");
      return { context, microphone, source, opus: await opusAt(context.sampleRate) };
    } catch {
      await context.close();
    }
  }
  microphone.getTracks().forEach((track) => track.stop());
  throw new Error("no sample rate in common");
}

class Call {
  constructor({ context, microphone, source, opus }) {
    this.opus = opus;
    this.encoder = null;
    this.heardSamples = 0;
    this.context = context;
    this.microphone = microphone;
    this.hasStarted = false;
    this.isOver = false;
    this.ear = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
    this.speaker = new AudioWorkletNode(context, "speaker", { numberOfInputs: 0, outputChannelCount: [1] });
    source.connect(this.ear);
    this.speaker.connect(context.destination);
    this.ear.port.onmessage = ({ data }) => this.hear(data);
    this.speaker.port.onmessage = ({ data }) => this.say({ type: "mark", name: data.mark, played: data.played });
    this.connect();
  }

  connect() {
    const url = new URL("ws/browser", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.hash = "";
    if (location.hash.length > 1) url.pathname += `/${location.hash.slice(1)}`;
    this.socket = new WebSocket(url, this.opus ? [OPUS, PCM] : [PCM]);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      if (this.socket.protocol === OPUS) this.encode();
      const encoding = this.encoder ? "opus" : "linear16";
      const audio = { encoding, sample_rate: this.context.sampleRate, byte_order: "little" };
      this.say({ type: "start", version: 1, audio });
      this.hasStarted = true;
    };
    this.socket.onmessage = ({ data }) => (typeof data === "string" ? this.obey(JSON.parse(data)) : this.play(data));
    this.socket.onclose = ({ code }) => this.end(!this.hasStarted ? "refused" : code === 1000 ? "ended" : "broken");
  }

  encode() {
    this.encoder = new AudioEncoder({
      output: (chunk) => {
        const packet = new ArrayBuffer(chunk.byteLength);
        chunk.copyTo(packet);
        this.send(packet);
      },
      error: () => this.end("broken"),
    });
    this.encoder.configure(this.opus);
  }

  send(sound) {
    if (this.hasStarted && this.socket.readyState === WebSocket.OPEN) this.socket.send(sound);
  }

  hear(frame) {
    const loudest = new Int16Array(frame).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    element("level").value = Math.sqrt(loudest / 32768);
    if (!this.encoder) return this.send(frame);
    const { sampleRate } = this.context;
    const numberOfFrames = frame.byteLength / 2;
    const timestamp = Math.round((this.heardSamples * 1e6) / sampleRate);
    this.heardSamples += numberOfFrames;
    const sound = new AudioData({ format: "s16", sampleRate, numberOfFrames, numberOfChannels: 1, timestamp, data: frame });
    this.encoder.encode(sound);
    sound.close();
  }

  play(samples) {
    this.speaker.port.postMessage(samples, [samples]);
  }

  say(word) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(word));
  }

  obey(word) {
    if (word.type === "ready") show("talking");
    else if (word.type === "mark") this.speaker.port.postMessage({ mark: word.name });
    else if (word.type === "clear") this.speaker.port.postMessage("clear");
    else if (word.type === "hangup") this.end("ended");
  }

  hangUp() {
    this.say({ type: "stop" });
    this.end("ended");
  }

  end(status) {
    if (this.isOver) return;
    this.isOver = true;
    this.socket.close();
    if (this.encoder?.state === "configured") this.encoder.close();
    this.microphone.getTracks().forEach((track) => track.stop());
    this.context.close();
    element("level").value = 0;
    state.call = null;
    show(status);
  }
}

async function start() {
  element("call").disabled = true;
  show("microphone");
  try {
    const sound = await openSound();
    await sound.context.resume();
    state.call = new Call(sound);
    show("connecting");
  } catch {
    show("noMicrophone");
  } finally {
    element("call").disabled = false;
  }
}

for (const key of "123456789*0#") {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = key;
  button.onclick = () => state.call?.say({ type: "dtmf", key });
  element("keys").append(button);
}
element("call").onclick = () => (state.call ? state.call.hangUp() : start());
element("language").onclick = () => {
  state.language = state.language === "ar" ? "en" : "ar";
  show();
};
show();
