"""What the built-in phrasebook promises: its size, its mixture, and the rules of both languages."""

import hashlib
import re
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict

import pytest

from charseq.corpus.phrasebook import Phrase, english, french, phrases
from charseq.corpus.phrasebook.clauses import Clitic, ask, clause, command, past_clause
from charseq.corpus.phrasebook.conjugation import Tense, conjugate, imperative, participle
from charseq.corpus.phrasebook.noun_phrases import Determiner, english_phrase, french_phrases
from charseq.corpus.phrasebook.subjects import ANYBODY, FrenchSubject
from charseq.corpus.phrasebook.templates import TEMPLATES
from charseq.corpus.phrasebook.vocabulary import (
    adjectives,
    hand_written,
    intransitives,
    nouns,
    verbs,
)

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
VOWEL = "[aeiouàâäéèêëîïôöùûüœ]"

JE, ELLE = FrenchSubject("je", 0), FrenchSubject("elle", 2, is_feminine=True)
TU, IL = FrenchSubject("tu", 1), FrenchSubject("il", 2)
ILS = FrenchSubject("ils", 5, is_plural=True)
ANNA = FrenchSubject("Anna", 2, is_feminine=True)


def noun(name: str):
    return next(noun for noun in nouns() if noun.english == name)


def adjective(name: str):
    return next(adjective for adjective in adjectives() if adjective.english == name)


def spelt(words: str) -> str:
    return french.join(" ".join(words.split()))


# --- size and mixture -------------------------------------------------------------------------


def test_there_are_enough_distinct_pairs():
    pairs = {(phrase.english, phrase.french) for phrase in phrases()}
    assert len(pairs) == len(phrases())
    assert len(pairs) >= 12_000


def test_the_vocabulary_is_wide():
    assert len({verb.french for verb in (*verbs(), *intransitives())}) >= 150
    assert len(nouns()) >= 300
    assert len(adjectives()) >= 100
    assert len(hand_written()) >= 400


def test_every_word_of_the_vocabulary_is_used():
    words = " ".join(f" {phrase.english} {phrase.french} " for phrase in phrases()).lower()
    for entry in (*nouns(), *adjectives()):
        forms = (entry.english.lower(), english.plural(entry.english).lower())
        assert any(form in words for form in forms), entry.english
    groups = {part for phrase in phrases() for part in phrase.group.split("+")}
    for verb in (*verbs(), *intransitives()):
        assert verb.english in groups, verb.english


def test_english_names_occur_once_in_each_table():
    for table in (nouns(), adjectives(), hand_written(), intransitives()):
        counts = Counter(entry.english for entry in table)
        assert max(counts.values()) == 1, counts.most_common(3)


def test_no_template_says_too_much():
    counts = Counter(phrase.template for phrase in phrases())
    assert max(counts.values()) <= 0.05 * len(phrases())
    assert len(counts) >= 30


def test_every_template_has_its_own_name_and_says_something():
    names = [template.name for template in TEMPLATES]
    assert len(set(names)) == len(names)
    assert set(names) <= {phrase.template for phrase in phrases()}


def test_most_pairs_are_short():
    short = [phrase for phrase in phrases() if max(len(phrase.english), len(phrase.french)) < 30]
    assert len(short) > 0.6 * len(phrases())
    assert all(len(phrase.english) <= 60 and len(phrase.french) <= 60 for phrase in phrases())


def test_the_first_pairs_are_a_fair_sample():
    whole = Counter(phrase.template for phrase in phrases())
    start = Counter(phrase.template for phrase in phrases()[:3000])
    assert set(start) >= {name for name, count in whole.items() if count >= 100}
    assert max(start.values()) <= 0.06 * 3000


def test_every_process_makes_the_same_pairs():
    program = (
        "import hashlib; from charseq.corpus.phrasebook import phrases; "
        "print(hashlib.sha256(repr(phrases()).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "4242")
    }
    assert digests == {hashlib.sha256(repr(phrases()).encode()).hexdigest()}


def test_the_pairs_are_made_once():
    assert phrases() is phrases()
    assert isinstance(phrases()[0], Phrase)


# --- groups and references ----------------------------------------------------------------------


def test_an_english_sentence_belongs_to_one_group():
    groups: dict[str, set[str]] = defaultdict(set)
    for phrase in phrases():
        groups[phrase.english].add(phrase.group)
    assert {source for source, names in groups.items() if len(names) > 1} == set()


def test_no_group_swallows_the_phrasebook():
    counts = Counter(phrase.group for phrase in phrases())
    assert counts.most_common(1)[0][1] < 0.01 * len(phrases())
    assert len(counts) > 1000


def test_one_combination_runs_through_many_templates():
    templates: dict[str, set[str]] = defaultdict(set)
    for phrase in phrases():
        templates[phrase.group].add(phrase.template)
    assert sum(len(names) >= 3 for names in templates.values()) > 500
    assert len(templates["drink+coffee"]) >= 3


def test_a_hand_written_sentence_is_its_own_group():
    for phrase in phrases():
        if phrase.template.startswith("hand-written"):
            assert phrase.group == phrase.english


def test_you_has_several_references():
    references: dict[str, set[str]] = defaultdict(set)
    for phrase in phrases():
        references[phrase.english].add(phrase.french)
    with_tu = with_vous = 0
    for source, targets in references.items():
        if source.startswith(("You ", "You'", "Do you", "Did you", "Are you")):
            starts = " ".join(targets).lower()
            with_tu += bool(re.search(r"\b(tu|t')", starts))
            with_vous += "vous" in starts
            assert len(targets) >= 2 or "On ne sait jamais." in targets or "plaît" in starts, source
    assert with_tu > 500
    assert with_vous > 500


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        (
            "You're late.",
            {"Tu es en retard.", "Vous êtes en retard."},
        ),
        (
            "I'm in a hurry.",
            {"Je suis pressé.", "Je suis pressée."},
        ),
        (
            "Help me!",
            {f"Aide-moi{NARROW_SPACE}!", f"Aidez-moi{NARROW_SPACE}!"},
        ),
    ],
)
def test_references_of_well_known_sentences(source, targets):
    assert {phrase.french for phrase in phrases() if phrase.english == source} == targets


# --- the text itself ---------------------------------------------------------------------------


def test_text_is_clean():
    for phrase in phrases():
        for text in (phrase.english, phrase.french):
            assert text == unicodedata.normalize("NFC", text)
            assert text == text.strip()
            assert not re.search(r"[\t\n\r’]|  ", text), text
            assert text[0].isupper(), text
            assert text[-1] in ".!?", text


@pytest.mark.parametrize(
    "wrong",
    [
        r"\b[Dd]e les? ",
        r"\bà les? ",
        rf"\b(?<!-)([Jj]e|[Mm]e|[Tt]e|[Ss]e|[Nn]e|[Dd]e|[Qq]ue|[Ll][ea]) "
        rf"(?!oui)({VOWEL}|y\b)",
        rf"\b([Mm]a|[Tt]a|[Ss]a|[Cc]e|[Bb]eau|[Nn]ouveau|[Vv]ieux) ({VOWEL}|h[ôo][mpt])"
        r"(?!st\b|t\b)(?!.*s[.]$)",
        rf"\b[Cc]et (?!{VOWEL}|h)",
        rf"'(?!{VOWEL}|h|y\b)[a-z]",
        r"'(h[aé]r[ioé]|hibou|hach|homard|hamster|hamac|harpe)",
        r"\bsi ils?\b",
        r"[^\u202f][!?]$",
        r" [!?.,]",
        r"\bpas (un|une|des) ",
        r"\bn'(ai|as|a|avons|avez|ont) pas (du |de la |de l')",
        r"\bdes (grand|petit|beau|bel|joli|vie|nouve|bon|mauvais|long|jeune)\w* ",
        r"\b(très|trop|plus) (délicieu|furieu|désespéré)",
        r"(voiture|robe|manteau|travail) (est|n'est pas|était) (très |trop )?nouve",
        r"\braté (l'|mon |ton |son |notre |votre |leur )examen",
        r"^Quitte(z)?-(nous|le|la|les)\b",
    ],
)
def test_french_never_contains(wrong):
    offenders = [phrase.french for phrase in phrases() if re.search(wrong, phrase.french)]
    assert offenders == []


@pytest.mark.parametrize(
    "wrong",
    [
        r"\b[Aa] (?!uni|use|one|eu)[aeiou]",
        r"\b[Aa]n (?!hour|honest)[^aeiouAEIOU]",
        r"[\u202f\u00a0]",
        r" [!?.,]",
        r"^(He|She|Tom|Mary|Paul|Anna) (have|want|eat|know|go|do|don't)\b",
        r"^\w+ can't wait for\b",
        r"\bthis (breakfast|dinner)\b",
        r"^(I|You|We|They) (has|wants|eats|knows|goes|does|doesn't)\b",
        r"\b(a|an) \w+s\b(?<!glass)(?<!bus)(?<!dress)(?<!ananas)(?<!boss)(?<!princess)"
        r"(?<!waitress)(?<!actress)(?<!famous)(?<!dangerous)(?<!delicious)(?<!useless)"
        r"(?<!Swiss)(?<!serious)(?<!this)",
    ],
)
def test_english_never_contains(wrong):
    offenders = [
        phrase.english
        for phrase in phrases()
        if not phrase.template.startswith("hand-written") and re.search(wrong, phrase.english)
    ]
    assert offenders == []


def test_participles_agree_after_etre():
    """A feminine subject before être takes -e: elle est partie."""
    for phrase in phrases():
        match = re.match(
            r"(Elles?|Marie|Anna) (?:ne |n')?(est|sont) (?:pas )?(all|rest|reven)(\w+)",
            phrase.french,
        )
        if match:
            assert match[4].endswith("es" if match[2] == "sont" else "e"), phrase.french


# --- conjugation --------------------------------------------------------------------------------

PRESENTS = {
    "manger": "mange manges mange mangeons mangez mangent",
    "commencer": "commence commences commence commençons commencez commencent",
    "appeler": "appelle appelles appelle appelons appelez appellent",
    "jeter": "jette jettes jette jetons jetez jettent",
    "acheter": "achète achètes achète achetons achetez achètent",
    "préférer": "préfère préfères préfère préférons préférez préfèrent",
    "protéger": "protège protèges protège protégeons protégez protègent",
    "lever": "lève lèves lève levons levez lèvent",
    "peser": "pèse pèses pèse pesons pesez pèsent",
    "essayer": "essaie essaies essaie essayons essayez essaient",
    "nettoyer": "nettoie nettoies nettoie nettoyons nettoyez nettoient",
    "envoyer": "envoie envoies envoie envoyons envoyez envoient",
    "finir": "finis finis finit finissons finissez finissent",
    "choisir": "choisis choisis choisit choisissons choisissez choisissent",
    "obéir": "obéis obéis obéit obéissons obéissez obéissent",
    "vendre": "vends vends vend vendons vendez vendent",
    "attendre": "attends attends attend attendons attendez attendent",
    "être": "suis es est sommes êtes sont",
    "avoir": "ai as a avons avez ont",
    "aller": "vais vas va allons allez vont",
    "faire": "fais fais fait faisons faites font",
    "dire": "dis dis dit disons dites disent",
    "voir": "vois vois voit voyons voyez voient",
    "savoir": "sais sais sait savons savez savent",
    "pouvoir": "peux peux peut pouvons pouvez peuvent",
    "vouloir": "veux veux veut voulons voulez veulent",
    "devoir": "dois dois doit devons devez doivent",
    "venir": "viens viens vient venons venez viennent",
    "revenir": "reviens reviens revient revenons revenez reviennent",
    "prendre": "prends prends prend prenons prenez prennent",
    "apprendre": "apprends apprends apprend apprenons apprenez apprennent",
    "mettre": "mets mets met mettons mettez mettent",
    "boire": "bois bois boit buvons buvez boivent",
    "lire": "lis lis lit lisons lisez lisent",
    "écrire": "écris écris écrit écrivons écrivez écrivent",
    "décrire": "décris décris décrit décrivons décrivez décrivent",
    "connaître": "connais connais connaît connaissons connaissez connaissent",
    "ouvrir": "ouvre ouvres ouvre ouvrons ouvrez ouvrent",
    "dormir": "dors dors dort dormons dormez dorment",
    "sortir": "sors sors sort sortons sortez sortent",
    "courir": "cours cours court courons courez courent",
    "construire": "construis construis construit construisons construisez construisent",
    "traduire": "traduis traduis traduit traduisons traduisez traduisent",
    "éteindre": "éteins éteins éteint éteignons éteignez éteignent",
    "plaindre": "plains plains plaint plaignons plaignez plaignent",
    "recevoir": "reçois reçois reçoit recevons recevez reçoivent",
    "résoudre": "résous résous résout résolvons résolvez résolvent",
    "suivre": "suis suis suit suivons suivez suivent",
    "asseoir": "assieds assieds assied asseyons asseyez asseyent",
}


@pytest.mark.parametrize("infinitive", PRESENTS)
def test_present(infinitive):
    forms = [conjugate(infinitive, Tense.PRESENT, person) for person in range(6)]
    assert forms == PRESENTS[infinitive].split()


@pytest.mark.parametrize(
    ("infinitive", "future", "imperfect_je", "imperfect_nous", "past"),
    [
        ("manger", "mangerai", "mangeais", "mangions", "mangé"),
        ("commencer", "commencerai", "commençais", "commencions", "commencé"),
        ("appeler", "appellerai", "appelais", "appelions", "appelé"),
        ("acheter", "achèterai", "achetais", "achetions", "acheté"),
        ("préférer", "préférerai", "préférais", "préférions", "préféré"),
        ("répéter", "répéterai", "répétais", "répétions", "répété"),
        ("essayer", "essaierai", "essayais", "essayions", "essayé"),
        ("envoyer", "enverrai", "envoyais", "envoyions", "envoyé"),
        ("étudier", "étudierai", "étudiais", "étudiions", "étudié"),
        ("finir", "finirai", "finissais", "finissions", "fini"),
        ("vendre", "vendrai", "vendais", "vendions", "vendu"),
        ("être", "serai", "étais", "étions", "été"),
        ("avoir", "aurai", "avais", "avions", "eu"),
        ("aller", "irai", "allais", "allions", "allé"),
        ("faire", "ferai", "faisais", "faisions", "fait"),
        ("voir", "verrai", "voyais", "voyions", "vu"),
        ("savoir", "saurai", "savais", "savions", "su"),
        ("pouvoir", "pourrai", "pouvais", "pouvions", "pu"),
        ("vouloir", "voudrai", "voulais", "voulions", "voulu"),
        ("devoir", "devrai", "devais", "devions", "dû"),
        ("venir", "viendrai", "venais", "venions", "venu"),
        ("prendre", "prendrai", "prenais", "prenions", "pris"),
        ("mettre", "mettrai", "mettais", "mettions", "mis"),
        ("boire", "boirai", "buvais", "buvions", "bu"),
        ("lire", "lirai", "lisais", "lisions", "lu"),
        ("écrire", "écrirai", "écrivais", "écrivions", "écrit"),
        ("courir", "courrai", "courais", "courions", "couru"),
        ("mourir", "mourrai", "mourais", "mourions", "mort"),
        ("cueillir", "cueillerai", "cueillais", "cueillions", "cueilli"),
        ("découvrir", "découvrirai", "découvrais", "découvrions", "découvert"),
        ("peindre", "peindrai", "peignais", "peignions", "peint"),
    ],
)
def test_other_tenses(infinitive, future, imperfect_je, imperfect_nous, past):
    assert conjugate(infinitive, Tense.FUTURE, 0) == future
    assert conjugate(infinitive, Tense.IMPERFECT, 0) == imperfect_je
    assert conjugate(infinitive, Tense.IMPERFECT, 3) == imperfect_nous
    assert participle(infinitive) == past


@pytest.mark.parametrize(
    ("infinitive", "forms"),
    [
        ("manger", "mange mangeons mangez"),
        ("aller", "va allons allez"),
        ("ouvrir", "ouvre ouvrons ouvrez"),
        ("finir", "finis finissons finissez"),
        ("prendre", "prends prenons prenez"),
        ("faire", "fais faisons faites"),
        ("être", "sois soyons soyez"),
        ("avoir", "aie ayons ayez"),
        ("savoir", "sache sachons sachez"),
    ],
)
def test_imperatives(infinitive, forms):
    assert [imperative(infinitive, person) for person in (1, 3, 4)] == forms.split()


@pytest.mark.parametrize(
    ("infinitive", "forms"),
    [
        ("aller", "allé allée allés allées"),
        ("mourir", "mort morte morts mortes"),
        ("prendre", "pris prise pris prises"),
        ("devoir", "dû due dus dues"),
        ("résoudre", "résolu résolue résolus résolues"),
        ("ouvrir", "ouvert ouverte ouverts ouvertes"),
    ],
)
def test_participles_agree(infinitive, forms):
    assert [
        participle(infinitive, is_feminine=is_feminine, is_plural=is_plural)
        for is_plural in (False, True)
        for is_feminine in (False, True)
    ] == forms.split()


def test_regular_verbs_need_a_known_ending():
    with pytest.raises(ValueError, match="not a French infinitive"):
        conjugate("bonjour", Tense.PRESENT, 0)


# --- agreement, elision, contraction -------------------------------------------------------------


@pytest.mark.parametrize(
    ("masculine", "feminine", "masculine_plural", "feminine_plural"),
    [
        ("grand", "grande", "grands", "grandes"),
        ("rouge", "rouge", "rouges", "rouges"),
        ("beau", "belle", "beaux", "belles"),
        ("nouveau", "nouvelle", "nouveaux", "nouvelles"),
        ("vieux", "vieille", "vieux", "vieilles"),
        ("blanc", "blanche", "blancs", "blanches"),
        ("frais", "fraîche", "frais", "fraîches"),
        ("sec", "sèche", "secs", "sèches"),
        ("doux", "douce", "doux", "douces"),
        ("long", "longue", "longs", "longues"),
        ("bon", "bonne", "bons", "bonnes"),
        ("gentil", "gentille", "gentils", "gentilles"),
        ("heureux", "heureuse", "heureux", "heureuses"),
        ("jaloux", "jalouse", "jaloux", "jalouses"),
        ("fier", "fière", "fiers", "fières"),
        ("léger", "légère", "légers", "légères"),
        ("naïf", "naïve", "naïfs", "naïves"),
        ("inquiet", "inquiète", "inquiets", "inquiètes"),
        ("cruel", "cruelle", "cruels", "cruelles"),
        ("italien", "italienne", "italiens", "italiennes"),
        ("grec", "grecque", "grecs", "grecques"),
        ("turc", "turque", "turcs", "turques"),
        ("violet", "violette", "violets", "violettes"),
        ("marron", "marron", "marron", "marron"),
        ("bleu", "bleue", "bleus", "bleues"),
        ("épais", "épaisse", "épais", "épaisses"),
        ("français", "française", "français", "françaises"),
        ("fou", "folle", "fous", "folles"),
    ],
)
def test_adjectives_agree(masculine, feminine, masculine_plural, feminine_plural):
    forms = [
        french.agree(masculine, is_feminine=is_feminine, is_plural=is_plural)
        for is_plural in (False, True)
        for is_feminine in (False, True)
    ]
    assert forms == [masculine, feminine, masculine_plural, feminine_plural]


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("cheval", "chevaux"),
        ("journal", "journaux"),
        ("oiseau", "oiseaux"),
        ("jeu", "jeux"),
        ("œil", "yeux"),
        ("genou", "genoux"),
        ("hibou", "hiboux"),
        ("souris", "souris"),
        ("noix", "noix"),
        ("pomme de terre", "pommes de terre"),
        ("carte postale", "cartes postales"),
        ("maillot de bain", "maillots de bain"),
        ("grand-mère", "grands-mères"),
        ("neveu", "neveux"),
    ],
)
def test_french_plurals(singular, plural):
    assert french.plural(singular) == plural


@pytest.mark.parametrize(
    ("apart", "joined"),
    [
        ("je ai", "j'ai"),
        ("je ne ai pas", "je n'ai pas"),
        ("je le aime", "je l'aime"),
        ("il se habille", "il s'habille"),
        ("est-ce que elle", "est-ce qu'elle"),
        ("le homme", "l'homme"),
        ("la eau", "l'eau"),
        ("le héros", "le héros"),
        ("la hache", "la hache"),
        ("le hibou", "le hibou"),
        ("pas de haricots", "pas de haricots"),
        ("pas de huile", "pas d'huile"),
        ("le yaourt", "le yaourt"),
        ("je y vais", "j'y vais"),
        ("les yeux", "les yeux"),
        ("de le pain", "du pain"),
        ("de la eau", "de l'eau"),
        ("de les amis", "des amis"),
        ("à le parc", "au parc"),
        ("à le hôpital", "à l'hôpital"),
        ("à les dents", "aux dents"),
        ("à le hockey", "au hockey"),
        ("ma amie", "mon amie"),
        ("ma hache", "ma hache"),
        ("ce arbre", "cet arbre"),
        ("ce héros", "ce héros"),
        ("ce est", "c'est"),
        ("si il", "s'il"),
        ("si elle", "si elle"),
        ("prends-le avec", "prends-le avec"),
    ],
)
def test_elision_and_contraction(apart, joined):
    assert french.join(apart) == joined


@pytest.mark.parametrize(
    ("noun_name", "adjective_name", "determiner", "expected"),
    [
        ("tree", "beautiful", Determiner.A, "un bel arbre"),
        ("hotel", "old", Determiner.THIS, "ce vieil hôtel"),
        ("computer", "new", Determiner.A, "un nouvel ordinateur"),
        ("flower", "beautiful", Determiner.SOME, "de belles fleurs"),
        ("shoe", "black", Determiner.A, "des chaussures noires"),
        ("cat", "black", Determiner.A, "un chat noir"),
        ("dog", "small", Determiner.A, "un petit chien"),
        ("apple", "red", Determiner.MY, "ma pomme rouge"),
        ("car", "old", Determiner.MY, "ma vieille voiture"),
        ("wine", "good", Determiner.SOME, "du bon vin"),
    ],
)
def test_adjectives_find_their_place(noun_name, adjective_name, determiner, expected):
    wordings = french_phrases(noun(noun_name), determiner, adjective=adjective(adjective_name))
    assert spelt(wordings[0].text) == expected


@pytest.mark.parametrize(
    ("noun_name", "determiner", "expected"),
    [
        ("bread", Determiner.SOME, "de pain"),
        ("water", Determiner.SOME, "d'eau"),
        ("car", Determiner.A, "de voiture"),
        ("apple", Determiner.SOME, "de pommes"),
        ("car", Determiner.THE, "la voiture"),
        ("apple", Determiner.THIS, "cette pomme"),
    ],
)
def test_denied_objects(noun_name, determiner, expected):
    assert spelt(french_phrases(noun(noun_name), determiner, is_denied=True)[0].text) == expected


def test_nouns_with_two_genders_have_two_phrases():
    wordings = french_phrases(noun("friend"), Determiner.MY)
    assert [spelt(wording.text) for wording in wordings] == ["mon ami", "mon amie"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (past_clause(ELLE, "partir"), "elle est partie"),
        (past_clause(ILS, "aller", "à le parc"), "ils sont allés au parc"),
        (past_clause(ELLE, "se lever", negation="pas"), "elle ne s'est pas levée"),
        (past_clause(ELLE, "manger", "une pomme"), "elle a mangé une pomme"),
        (past_clause(JE, "voir", clitic=Clitic("la", is_feminine=True)), "je l'ai vue"),
        (
            past_clause(JE, "parler", clitic=Clitic("leur", is_direct=False, is_plural=True)),
            "je leur ai parlé",
        ),
        (past_clause(JE, "chanter", middle="bien"), "j'ai bien chanté"),
        (past_clause(IL, "manger", is_inverted=True), "a-t-il mangé"),
        (clause(IL, "aimer", is_inverted=True), "aime-t-il"),
        (clause(TU, "se lever", is_inverted=True), "te lèves-tu"),
        (clause(ANNA, "aller", is_inverted=True), "Anna va-t-elle"),
        (clause(ANNA, "dormir", is_inverted=True), "Anna dort-elle"),
        (clause(JE, "avoir besoin de", "un stylo"), "j'ai besoin d'un stylo"),
        (clause(JE, "rendre visite à", "le roi", negation="pas"), "je ne rends pas visite au roi"),
        (command(1, "se lever"), "lève-toi"),
        (command(4, "s'asseoir", negation="pas"), "ne vous asseyez pas"),
        (command(1, "donner", "le livre", strong_clitic="moi"), "donne-moi le livre"),
    ],
)
def test_clauses(words, expected):
    assert spelt(words) == expected


def test_je_is_never_inverted():
    assert ask(JE, "je mange", "mange-je") == ("est-ce que je mange",)
    inverted = [phrase.french for phrase in phrases() if "-je" in phrase.french]
    assert inverted
    assert all(re.search(r"([Pp]uis|dois|suis)-je", text) for text in inverted)


def test_punctuation_stands_after_a_narrow_space():
    assert french.sentence("ça va", "?") == f"Ça va{NARROW_SPACE}?"
    assert french.sentence("ça va", ".") == "Ça va."


# --- English ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "third", "ing", "past", "past_participle"),
    [
        ("eat", "eats", "eating", "ate", "eaten"),
        ("write", "writes", "writing", "wrote", "written"),
        ("put on", "puts on", "putting on", "put on", "put on"),
        ("take off", "takes off", "taking off", "took off", "taken off"),
        ("carry", "carries", "carrying", "carried", "carried"),
        ("play", "plays", "playing", "played", "played"),
        ("watch", "watches", "watching", "watched", "watched"),
        ("stop", "stops", "stopping", "stopped", "stopped"),
        ("lie", "lies", "lying", "lied", "lied"),
        ("see", "sees", "seeing", "saw", "seen"),
        ("go out", "goes out", "going out", "went out", "gone out"),
        ("have fun", "has fun", "having fun", "had fun", "had fun"),
        ("ski", "skis", "skiing", "skied", "skied"),
        ("forget", "forgets", "forgetting", "forgot", "forgotten"),
    ],
)
def test_english_verbs(base, third, ing, past, past_participle):
    assert english.third_person(base) == third
    assert english.ing(base) == ing
    assert english.past(base) == past
    assert english.past_participle(base) == past_participle


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("man", "men"),
        ("child", "children"),
        ("knife", "knives"),
        ("strawberry", "strawberries"),
        ("toy", "toys"),
        ("box", "boxes"),
        ("sheep", "sheep"),
        ("mouse", "mice"),
    ],
)
def test_english_plurals(singular, plural):
    assert english.plural(singular) == plural


@pytest.mark.parametrize(
    ("word", "article"),
    [("apple", "an"), ("umbrella", "an"), ("university", "a"), ("hour", "an"), ("dog", "a")],
)
def test_english_article(word, article):
    assert english.article(word) == article


@pytest.mark.parametrize(
    ("adjective_name", "comparative"),
    [
        ("tall", "taller"),
        ("happy", "happier"),
        ("sad", "sadder"),
        ("thin", "thinner"),
        ("brave", "braver"),
        ("shy", "shyer"),
        ("patient", "more patient"),
        ("naive", "more naive"),
    ],
)
def test_english_comparatives(adjective_name, comparative):
    assert english.comparative(adjective_name) == comparative


@pytest.mark.parametrize(
    ("noun_name", "determiner", "expected"),
    [
        ("apple", Determiner.A, "an apple"),
        ("apple", Determiner.SOME, "some apples"),
        ("apple", Determiner.GENERIC, "apples"),
        ("bread", Determiner.GENERIC, "bread"),
        ("shoe", Determiner.MY, "my shoes"),
        ("glasses", Determiner.THIS, "these glasses"),
        ("glove", Determiner.A, "gloves"),
        ("dinner", Determiner.THE, "dinner"),
    ],
)
def test_english_phrases(noun_name, determiner, expected):
    assert english_phrase(noun(noun_name), determiner) == expected


def test_every_subject_has_a_french_translation():
    assert all(subject.french for subject in ANYBODY)
