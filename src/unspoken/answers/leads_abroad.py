"""What leads to an option in other languages than English.

Only a letter that stands alone, or an option's words and nothing else, may follow.
"""

import polars as pl

from unspoken.answers.leads import either

_G = "[ *_]+"  # between words, some of them in bold


def _answer(before: str, noun: str, after: str = "", be: str = "") -> str:
    """Return a pattern for "the answer is": a noun, with one of the words around it, or none."""
    front = f"(?:(?:{before}){_G})*" if before else ""
    behind = f"(?:{_G}(?:{after}))*" if after else ""
    return f"{front}{noun}{behind}" + (f"(?:{_G}(?:{be}))?" if be else "")


_ANSWERS = "|".join(
    [
        _answer(
            "die|meine|unsere|richtige|korrekte|beste|finale|endgültige|wahrscheinlichste",
            "antwort",
            "",
            "ist|lautet|wäre|muss sein",
        ),
        rf"(?:die|meine){_G}(?:(?:richtige|korrekte|beste){_G})+(?:option|lösung|wahl|aussage){_G}ist",
        "lösung[ *_]*:|richtig ist",
        _answer("het|mijn|juiste|correcte|goede|beste", "antwoord", "", "is|luidt"),
        _answer("det|rätta|rätt|korrekta|riktige|rigtige|korrekte", "svare?t?", "", "är|er"),
        _answer("la|ma|bonne|meilleure", "réponse", "correcte|finale|exacte|juste", "est|serait"),
        _answer("la|mi", "respuesta", "correcta|final|adecuada", "es|sería"),
        rf"(?:la{_G})?(?:opción|alternativa){_G}correcta{_G}es",
        _answer("a|minha", "resposta", "correta|certa|final", "é|seria"),
        rf"(?:a{_G})?(?:opção|alternativa){_G}(?:correta|certa){_G}é",
        _answer("la|mia", "risposta", "corretta|giusta|esatta|finale", "è|sarebbe"),
        _answer("", "răspunsul?", "corect", "este"),
        _answer("мой|правильный|верный|окончательный|итоговый", "ответ", "", "это|будет"),
        rf"(?:правильный|верный){_G}вариант(?:{_G}это)?",
        _answer("правильна", "відповідь", "", "це"),
        _answer("poprawna|prawidłowa|właściwa", "odpowiedź", "", "to|jest"),
        _answer("správná", "odpověď", "", "je"),
        _answer("doğru", "(?:cevap|yanıt)"),
        _answer("oikea", "vastaus", "", "on"),
        _answer("a|helyes", "válasz", "", "az?"),
        _answer("η|σωστή", "απάντηση", "", "είναι"),
        _answer("", "(?:đáp án|câu trả lời)", "đúng|chính xác|cuối cùng", "là"),
        _answer("", "jawaban(?:nya)?", "yang|benar|tepat|akhir", "adalah"),
        _answer("", "(?:الإجابة|الجواب|إجابة)", "الصحيحة|الصحيح|النهائية|النهائي", "هي|هو"),
        _answer("", "(?:התשובה|תשובה)", "הנכונה", "היא"),
        _answer("", "(?:پاسخ|جواب)", "صحیح|درست|نهایی", "گزینه"),
        _answer("सही", "उत्तर"),
        "คำตอบ(?:ที่ถูกต้อง)?(?:คือ)?",
    ]
)
_EAST = (
    r"(?:正确的?|正確的?|最佳)(?:选项|選項)(?:[ *_]*(?:应该|应)?(?:是|为|為))?[ *_)\]]*"
    r"|(?:所以|因此|正确的?|最终的?|最佳|最後の|最終)*(?:答案|答え|正解|解答|回答|答|정답|최종 답|답)"
    r"(?:[ *_]*(?:应该|應該|应|應|就|便)?(?:选择|選擇|选|選|是|为|為|は|은|는))?[ *_)\]]*"
)
_CHOICES = (
    r"(?:ich (?:wähle|nehme|antworte mit|entscheide mich für)|(?:wähle|nehme|entscheide) ich(?: mich für)?"
    r"|(?:somit|daher|also|damit|folglich|demnach) ist|je (?:choisis|sélectionne|réponds)|j'opte pour"
    r"|elijo|escojo"
    r"|selecciono|opto por|escolho|scelgo|(?:я )?выбираю|ik kies|wybieram|jag väljer)[ ]"
    r"|我?(?:应该?|應該?|故|应当)?(?:选择|選擇|选|選)"
)
ABROAD = rf"(?:(?:{_ANSWERS})(?:[ *_]*:|[ *_]+[-–—]|[ *_])|{_EAST}:?|{_CHOICES})"
_LATIN = """
ntwo svar Svar ponse uesta sposta ichtig dpov dpow somit Somit daher Daher damit Damit olglich emnach ceva
Ceva astaus awab nehme Nehme scheide
hoisi ctionne ponds 'opt elij Elij escoj eleccion opto Opto escolh celgo kies Kies ybieram lternativ NTWO
SVAR PONSE UESTA
POSTA DPOV DPOW CEVAP JAWAB"""
_OTHER = """
opción răsp lösung LÖSUNG ответ Ответ ОТВЕТ вариант відповідь Відповідь yanıt válasz Válasz απάντηση
Απάντηση đáp Đáp câu Câu إجاب جواب תשובה پاسخ उत्तर คำตอบ wähle ыбираю väljer réponse RÉPONSE odpověď 答 选 選
解 정답 답"""


def may_be_abroad(text: pl.Expr) -> pl.Expr:
    """Return whether a text has one of the words that are in whatever ABROAD finds: the quick search."""
    beyond = pl.when(text.str.len_bytes() != text.str.len_chars()).then(text)
    return text.str.contains("|".join(_LATIN.split())) | beyond.str.contains_any(_OTHER.split()).fill_null(
        value=False
    )


CHOOSING_ABROAD = either("""
es ist das muss sein also somit daher bleibt nur passt sage tippe auf würde wähle wählen nehme ich die der
lösung antwort richtig richtige bin für mich c'est donc il_ne_reste_que il_reste ce_doit_être je dirais la
le l'option lettre correcte? bonne réponse est choisis el tiene_que_ser así_que entonces por_(?:lo_)?tanto
solo queda me_quedo_con diría que creo opción correcta respuesta está è deve_essere direi quindi dunque
scelgo resta l'opzione corretta risposta é deve_ser então portanto logo só fico com diria letra alternativa
gabarito resposta opção escolho elijo correto""")
"""Words of choosing: a sentence of these and a letter states it."""
ARTICLE = r"^\s*(?i:a|la|el|le|die|der|das|o|to|de)[ ]+"
"""What may stand between "the answer is" and the letter."""
