"""What a sentence affirms and what it denies: negations are tied to what they negate.

Particles stand for themselves.

Nothing is decided here about the question that was asked; clauses are collected, and what may cast doubt
on them.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.parts import Chunk, Clause, Part, Says, Sentence
from bridge.understanding.predicates import LA, VERBS, WITHOUT, Predicates
from bridge.understanding.vocabulary import HARDLY, NEGATORS

__all__ = ["clauses_of"]


_PREDICATES = (
    Part.HAVE,
    Part.SYMPTOM_VERB,
    Part.ACTION_VERB,
    Part.CEASED,
    Part.SYMPTOM,
    Part.STATE,
    Part.THING,
    Part.WILLING,
    Part.RIGHT,
    Part.NO_HARM,
    Part.GOOD,
)
_PASSED_OVER = (Part.COURTESY, Part.DETAIL, Part.EMPHASIS, Part.ONLY)
_UNDECIDED = (
    *(Part.FREQUENCY, Part.STEADY, Part.DEGREE, Part.WELL),
    *(Part.EMPHASIS, Part.HEDGE, Part.IDIOM),
)
_NOT_YET = words_of("لسه لسا لسى لسع لسعه لساه لسة للحين بعده بعدو بعدني عاده عادني")
_NOT_ONCE = (
    *("ولا مره", "ولا يوم", "ولا ليله", "ولا عمري", "ولا شي", "ولا حاجه", "ولا اشي"),
    *("حتي شي", "حتي حاجه", "حتي لعبه", "ولا واحد", "ولا وحده"),
)
_IMPOSSIBLE = frozenset(  # "no" and "maybe" are two words of one: that is not among them
    normalise(phrase)
    for phrase in (
        *("مستحيل", "محال", "يستحيل", "من المستحيل", "استحالة", "صعب جدا"),
        *("مو ممكن", "مش ممكن", "مب ممكن", "غير ممكن", "يتعذر علي", "تعذر علي", "يتعذر"),
        *("ما ينفع", "مش هينفع", "ما بينفع", "مينفعش", "ما ينفعش", "ما بيصير", "ما بصير", "ما يصير"),
    )
)
_MA = ("ما", "وما", "لم", "لن")  # said before a verb that has its own "-sh", and no second negation
_ALWAYS = words_of("كل دايم دايما ديما دائما طول")
_ALONE = ("مو", "مب", "موب", "مهوب", *(normalise(one) for one in HARDLY if "صعب" in one))


class _Scan(Predicates):
    """One pass over the chunks of a sentence."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        super().__init__(chunks)
        self.clauses: list[Clause] = []
        self.at = 0
        self.but = False

    def run(self) -> tuple[Clause, ...]:
        while self.at < len(self.chunks):
            self._step(self.chunks[self.at])
        return tuple(self.clauses)

    def _add(
        self,
        says: Says,
        chunk: Chunk,
        *,
        particle: bool = False,
        sure: bool = True,
        denied: bool = False,
        end: int = 0,
    ) -> None:
        self.clauses.append(
            Clause(says, chunk.part, self.at, particle, self.but, sure, chunk.verb, denied, end)
        )

    def _step(self, chunk: Chunk) -> None:
        match chunk.part:
            case Part.YES | Part.YES_OR_WHAT | Part.RIGHT:
                self._add(Says.YES, chunk, particle=True)
                self.at += 1
            case Part.NO:
                self._no(chunk)
            case Part.NOT | Part.HARDLY if not self._is_turned():
                self._negated(chunk)
            case Part.HAVE_NOT | Part.VERB_NOT if not self._is_turned():
                self._negative(chunk, self.at + 1)
            case Part.NOT | Part.HARDLY | Part.HAVE_NOT | Part.VERB_NOT:
                self._turned()
            case Part.HEDGE if self.is_thought_not(self.at):
                self._doubted_verb(self.next_significant(self.at + 1))
            case Part.STILL:
                self._still(chunk)
            case Part.ONLY:
                self._only(chunk)
            case _:
                self._affirmed(chunk)

    def _affirmed(self, chunk: Chunk) -> None:
        match chunk.part:
            case Part.HAVE if not self.is_having(self.at):
                self.at += 1
            case Part.HAVE | Part.SYMPTOM_VERB | Part.ACTION_VERB | Part.WILLING | Part.STATE:
                end = self.past_complements(self.at + 1)
                said = {one.part for one in self.chunks[self.at + 1 : end]}
                if chunk.part is Part.ACTION_VERB:  # "when I eat I vomit"
                    felt = (one for one in self.chunks[self.at + 1 : end] if one.part is Part.SYMPTOM_VERB)
                    chunk = next((one for one in felt if one.negated_by_la), chunk)
                feels_well = (
                    said & {Part.WELL, Part.CEASED}
                    and not said & {Part.SYMPTOM, Part.STATE}
                    and chunk.part is Part.SYMPTOM_VERB
                    and not chunk.text.endswith("ني")  # what hurts me is not well
                )
                self._add(
                    Says.UNCLEAR if feels_well else Says.YES, chunk, sure=not self.is_past(self.at), end=end
                )
                self.at = end
            case Part.SYMPTOM if self.but:  # "no, but a little cough"
                self._add(Says.YES, chunk, sure=False)
                self.at = self.past_complements(self.at + 1)
            case Part.CEASED:  # "forgot to take it": neither yes nor no
                end = self.past_complements(self.at + 1)
                self._add(Says.UNCLEAR, chunk, end=end)
                self.at = end
            case _:
                self.but = self.but or chunk.part is Part.BUT
                self.at += 1

    def _no(self, chunk: Chunk) -> None:
        """As in "no" by itself, or "no" before what it negates."""
        following = self.chunks[self.at + 1] if self.at + 1 < len(self.chunks) else None
        if chunk.text == "ولا" and self._is_or():  # "headache or dizziness?"
            self._add(Says.UNCLEAR, chunk)
            self.at = self.past_complements(self.at + 1)
            return
        if chunk.text in LA and self.is_exception(self.at + 1):  # "no, except a little dizziness"
            self._add(Says.YES, self.chunks[self.at + 1], sure=False)
            self.at = self.past_complements(self.at + 2)
            return
        if following is not None and self._denies(chunk, following):
            self._negative(following, self.at + 2)
            return
        if self._is_turned():
            self._turned()
            return
        self._plain_no(chunk, following)

    def _plain_no(self, chunk: Chunk, following: Chunk | None) -> None:
        """A "no" by itself, before a thing, or as the negation of a present."""
        self._add(Says.NO, chunk, particle=True)
        self.at += 1
        if not (chunk.text in LA or chunk.text.endswith(" لا")) or following is None:
            return
        is_thing = following.part in (Part.SYMPTOM, Part.THING, Part.STATE) and not following.joined
        is_verb = (
            following.part in (Part.SYMPTOM_VERB, Part.ACTION_VERB, Part.WILLING) and following.negated_by_la
        )
        if is_verb and chunk.text in LA and self._is_first_no():  # "I do not feel": no "no" by itself
            self.clauses.pop()
            self._negative(following, self.at + 1)
        elif (is_thing or is_verb) and not following.text.startswith("ب"):
            self.at = self.past_complements(self.at + 1, negative=True)

    def _denies(self, chunk: Chunk, following: Chunk) -> bool:
        """As in "not once did I take it", "neither did I go nor …", "neither did I get dizzy"."""
        if chunk.text == "لا" and self.is_neither(self.at + 1):
            return True
        opens = not self.clauses and chunk.text == "ولا"
        return following.part in VERBS and (opens or chunk.text in _NOT_ONCE or chunk.text in _IMPOSSIBLE)

    def _is_or(self) -> bool:
        """Whether "wala" stands between two things of which none was denied."""
        before = self.part(self.at - 1) if self.at else None
        after = self.part(self.at + 1)
        named = (Part.SYMPTOM, Part.THING, Part.STATE, Part.DETAIL)
        return before in named and after in named and all(one.says is Says.YES for one in self.clauses)

    def _is_first_no(self) -> bool:
        return [clause.says for clause in self.clauses].count(Says.NO) == 1

    def _still(self, chunk: Chunk) -> None:
        following = self.next_significant(self.at + 1)
        part = self.part(following)
        if part in (Part.COMMAND, Part.HEDGE):  # "I still do not know"
            self._add(Says.UNCLEAR, chunk)
            self.at = following
            return
        if part in (Part.NOT, Part.HAVE_NOT, Part.VERB_NOT, Part.NO):  # "not yet"
            self.at = following
            return
        if part is None and chunk.text in _NOT_YET:  # "still" as well; behind a no it is "no, not yet"
            if not any(clause.says is Says.NO for clause in self.clauses):
                self._add(Says.UNCLEAR, chunk)
            self.at = following
            return
        self._add(Says.YES, chunk, sure=part in _PREDICATES or part in (Part.WELL, Part.DEGREE))
        self.at = self.past_complements(max(following, self.at + 1) + (part in _PREDICATES))

    def _negated(self, chunk: Chunk) -> None:
        at = self.at + 1
        while self.part(at) in _PASSED_OVER and not self.is_exception(at):
            at += 1
        part = self.part(at)
        if part in (Part.VERB_NOT, Part.HAVE_NOT) and chunk.text not in _MA:  # "it is not that I have none"
            self._add(Says.UNCLEAR, chunk)
            self.at = self.past_complements(at + 1, negative=True)
        elif part in (Part.VERB_NOT, Part.HAVE_NOT, Part.YES) or part in _PREDICATES:
            self._negative(self.chunks[at], at + 1)
        elif part is Part.NOT:
            self.at = at
        elif part is Part.UNKNOWN and chunk.text not in WITHOUT:
            self._negative_unknown(at)
        elif part in _UNDECIDED:
            self._add(Says.UNCLEAR, self.chunks[at], denied=True)
            self.at = self.past_complements(at + 1)
        elif part is None and at == self.at + 1 and chunk.text in _ALONE:
            self._add(Says.NO, chunk, sure=False)
            self.at = at
        else:
            self._add(Says.UNCLEAR, chunk)
            self.at += 1

    def _is_turned(self) -> bool:
        """Whether this begins "no day passes without …", which affirms."""
        return self.without(self.at) is not None

    def _turned(self) -> None:
        at = self.without(self.at)
        following = self.chunks[at + 1] if at is not None and at + 1 < len(self.chunks) else None
        if at is None or following is None:
            says = Says.UNCLEAR if at is None else Says.YES  # "no day passes without it"
            self._add(says, self.chunks[self.at])
            self.at = len(self.chunks) if at is not None else self.at + 1
            return
        self._add(Says.YES, following, sure=following.part is not Part.UNKNOWN)
        self.at = self.past_complements(at + 2)

    def _doubted_verb(self, at: int) -> None:
        self._negative(self.chunks[at], at + 1)
        self.clauses[-1] = replace(self.clauses[-1], sure=False)

    def _negative_unknown(self, at: int) -> None:
        """A negated word that nobody knows denies something, it is not known what."""
        chunk, end = self.chunks[at], self.past_complements(at + 1, negative=True)
        says = Says.UNCLEAR if self.is_exception(end) else Says.NO
        self._add(says, chunk, sure=False, denied=True, end=end)
        self.at = end

    def _negative(self, chunk: Chunk, after: int) -> None:
        """A negated predicate; "nothing but" turns it round."""
        end = self.past_complements(after, negative=True)
        is_repeated = chunk.text in [
            one.text for one in self.chunks[after:end]
        ]  # "Sunday I cannot, Monday I can"
        chunk = self.carrier(chunk, after, end)
        if self.is_exception(end):
            self._add(Says.YES, chunk)
            self.at = self.past_complements(end + 1)
            return
        said = {one.part for one in self.chunks[after:end]}
        is_partly = is_repeated or self.is_partly(after, end, said) or self.is_left_open(end)
        is_sure = not (chunk.part is Part.VERB_NOT and chunk.verb is None)
        says = Says.UNCLEAR if is_partly or chunk.part is Part.CEASED else Says.NO
        self._add(says, chunk, denied=True, end=end, sure=is_sure)
        is_only_well = self.part(end) is Part.ONLY and self.part(end + 1) is Part.WELL  # "nothing but health"
        self.at = end + 2 if is_only_well else end

    def _only(self, chunk: Chunk) -> None:
        """By itself it contradicts: "but yes!"; before something, without a negation, it excepts nothing."""
        if self.at == 0 and chunk.text == "الا" and self.part(1) in (*VERBS, Part.COURTESY, Part.THING):
            self.at += 1  # "yes indeed, my head hurts" in the Gulf
            return
        is_no_other = chunk.text.startswith("لا ") and self.is_exception(self.at)
        alone = len(self.chunks) == 1
        self._add(Says.YES if alone or is_no_other else Says.UNCLEAR, chunk, sure=False)
        self.at = self.past_complements(self.at + 1) if is_no_other else self.at + 1


def _may_negate(word: str) -> bool:
    """Negations begin with "m" or "l" in all dialects, or end in "sh"."""
    return word.startswith(("م", "ل", "و")) or word.endswith("ش")


def _is_not_always(chunk: Chunk) -> bool:
    words = set(chunk.text.split())
    return chunk.part is Part.FREQUENCY and chunk.text.split()[0] in NEGATORS and bool(words & _ALWAYS)


def clauses_of(chunks: Sequence[Chunk]) -> Sentence:
    """Find what a sentence affirms and denies."""
    unknown = [at for at, chunk in enumerate(chunks) if chunk.part is Part.UNKNOWN]
    corrections = [at for at, chunk in enumerate(chunks) if chunk.part is Part.CORRECTION]
    return Sentence(
        clauses=_Scan(chunks).run(),
        parts=frozenset(chunk.part for chunk in chunks),
        first_unknown=unknown[0] if unknown else None,
        unknown=len(unknown),
        unknown_may_negate=any(_may_negate(chunks[at].text) for at in unknown),
        corrected_at=corrections[-1] if corrections else None,
        not_always=any(map(_is_not_always, chunks)),
    )
