"""The same few words in every encoding that subtitles come in."""

from __future__ import annotations

import random

from tests.worker.subtitles.kinds import Kind

_WORDS = {
    "cp1250": [
        "Zażółć gęślą jaźń.",
        "Příliš žluťoučký kůň.",
        "Örülök, hogy megismerhetlek. Őszintén.",
        "Bună ziua, mă numesc Ana.",
    ],
    "cp1251": ["Привет, мир.", "Доброго дня, мене звати Ганна і це запис."],
    "koi8_r": ["Добрый день, меня зовут Анна."],
    "cp866": ["Добрый день, меня зовут Анна."],
    "cp1252": [
        "Guten Morgen, schöne Grüße.",
        "Café crème, s'il vous plaît.",
        "¿Cómo estás? Mañana.",
        "Não há razão para não começar.",
    ],
    "mac_roman": ["Café crème, s'il vous plaît."],
    "cp1253": ["Καλημέρα, αυτή είναι μια σύντομη ηχογράφηση."],
    "cp1254": ["Günaydın, bu kısa bir kayıttır. Şimdi başlıyoruz."],
    "cp1255": ["בוקר טוב, זו הקלטה קצרה."],
    "cp1256": ["صباح الخير، هذا تسجيل قصير."],
    "cp1257": ["Labas rytas, tai trumpas įrašas. Šiandien gražu."],
    "cp874": ["สวัสดีตอนเช้า นี่คือการบันทึก"],
    "gb18030": ["早上好，这是一段录音。"],
    "big5": ["早安，這是一段錄音。"],
    "cp932": ["おはようございます。これは短い録音です。"],
    "euc_jp": ["おはようございます。これは短い録音です。"],
    "cp949": [
        "안녕하세요. 이것은 짧은 녹음입니다.",
        "안녕하세요, 오늘은 날씨가 아주 좋습니다.",
    ],
    "iso8859_6": ["صباح الخير جميعا، الطقس اليوم جميل جدا في المدينة."],
}
_POLISH = "Zażółć gęślą jaźń."
_SRT = "1\n00:00:00,000 --> 00:00:02,000\n{}\n"
# Letters that Windows-1252 knows, so that the second encoding leaves them readable.
_GERMAN = "Schöne Grüße, Öl"

KINDS = [
    *(
        Kind(
            f"SRT in {encoding}",
            "A.srt",
            _SRT.format(words).encode(encoding),
            words,
            ((0, 2),),
            (f"is not UTF-8: it was read as {encoding}",),
        )
        for encoding, all_words in _WORDS.items()
        for words in all_words
    ),
    *(
        Kind(f"text in {encoding}", "A.txt", _POLISH.encode(encoding), _POLISH, ())
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32")
    ),
    Kind(
        "UTF-16 without a mark",
        "A.srt",
        _SRT.format("Hello.").encode("utf-16-le"),
        "Hello.",
        None,
        ("read as UTF-16-LE",),
    ),
    Kind(
        "UTF-16-BE without a mark",
        "A.srt",
        _SRT.format("Hello.").encode("utf-16-be"),
        "Hello.",
        None,
        ("read as UTF-16-BE",),
    ),
    Kind(
        "ISO-2022-JP",
        "A.txt",
        "おはよう。".encode("iso2022_jp"),
        "おはよう。",
        (),
        ("read as ISO-2022-JP",),
    ),
    Kind(
        "UTF-8 encoded twice",
        "A.txt",
        _GERMAN.encode().decode("cp1252").encode(),
        _GERMAN,
        (),
        ("stored as UTF-8 by another program",),
    ),
    Kind(
        "UTF-8 damaged by another program",
        "A.txt",
        "One\nD\ufffdrota",
        "One Drota",
        (),
        ("line 2: has letters that are damaged",),
    ),
    Kind(
        "UTF-8 with a damaged byte",
        "A.txt",
        f"{_POLISH}\nDzień ".encode() + b"\xc5 dobry.",
        f"{_POLISH} Dzień dobry.",
        (),
        ("line 2: has letters that are damaged",),
    ),
    Kind("noise", "A.txt", random.Random(1).randbytes(400), refused="encoding that is not known"),
]
