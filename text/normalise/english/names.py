"""English words and names the rules know: months, states, rulers, common words, acronyms."""

from __future__ import annotations

MONTHS = (
    "January February March April May June July August September October November December"
).split()
MONTH_SHORT = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Sept": 9,
    "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip
DAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Weds": "Wednesday",
    "Thu": "Thursday", "Thur": "Thursday", "Thurs": "Thursday", "Fri": "Friday",
    "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip

STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California",
    "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware", "FL": "Florida", "GA": "Georgia",
    "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa",
    "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland",
    "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi",
    "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire",
    "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina",
    "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania",
    "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee",
    "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming", "DC": "D C",
}  # fmt: skip

# Those who are counted: "Henry VIII" is "Henry the eighth", while "Rocky II" is "Rocky two".
RULERS = frozenset(
    """
    Adrian Albert Alexander Alexios Alfonso Amenhotep Andronikos Anne Artaxerxes Basil Baudouin
    Beatrix Benedict Boniface Carlos Carol Casimir Catherine Celestine Charles Christian Clement
    Cleopatra Constantine Cyrus Darius David Edward Elizabeth Emmanuel Eric Ferdinand Francis Franz
    Frederick Friedrich George Gregory Gustav Haakon Harald Henri Henry Honorius Hussein Innocent
    Isabella Ivan James Joan Johan John Joseph Juan Juliana Julius Justinian Karl Leo Leopold Louis
    Ludwig Malcolm Manuel Margaret Margrethe Maria Martin Mary Matthias Maximilian Mehmed Michael
    Mohammed Murad Napoleon Nicholas Olaf Otto Paul Pedro Peter Philip Philippe Pius
    Ptolemy Ramesses Ramses Richard Robert Romanos Rudolf Sancho Selim Sigismund Sixtus Stephen
    Suleiman Theodosius Thutmose Umberto Urban Victor Vlad Wilhelm Willem William Xerxes Zog
    """.split()  # noqa: SIM905
)

# Words often written in capitals for stress. They tell shouting from abbreviations.
COMMON = frozenset(
    """
    a about above across act add after again against age ago air alert all alone along already also
    always am among an and angry animal another answer any anyone anything apart are area arm around
    arrive art as ask at attention away baby back bad bag ball bank be beautiful because become bed
    been before began begin behind being believe below best better between big bit black blood blue
    boat body book both box boy break breaking bring brother brought build building burn business
    but buy by cake call came can cannot car card care carefully case cat catch caution certain
    chair chance change chapter child children choose city class clean clear click close closed
    clothes coffee cold come coming company contact could country course cover cross cry cut dad
    danger dangerous dark day days dead deal dear death deep delete did die different dinner do does
    dog done dont door down dream drink drive drop dry ducks during each early earth easy eat either
    else emergency empty end enemy enjoy enough enter even evening ever every everyone everything
    exactly exit extra eye eyes face fact fall false family far farm fast fat father feed feel feet
    few fight fill final finally find fine finish fire first fish five floor fly follow food foot
    for force forever forget form found four free fresh friend friends from front full fun game
    garden gas gave get girl give given glad glass go god going gold gone good got great green
    ground group grow guess guy had hair half hall hand hands happen happy hard has hat hate have
    he head hear heart heat heavy held hell hello help her here hey hi high hill him himself his
    history hit hold hole home hope horse hospital hot hotel hour hours house how however huge
    human hundred hurry hurt husband i ice idea if ill important in inside instead into is island it
    its job join jump just keep kept key kid kids kill kind king kitchen knew knife know known lady
    lake land large last late laugh law lead learn least leave left leg less let letter life light
    like line list listen little live living long look looking lord lose lost lot loud love low luck
    lunch mad made main make man many map mark matter may maybe me mean meet men message middle
    might mile milk million mind mine minute miss moment money monster month moon more morning most
    mother mouth move much mum music must my myself name near nearly neck need never new news next
    nice night nine no nobody noise none north nose not note nothing notice now number of off offer
    office often oh old on once one only onto open or order other our out outside over own page pain
    paper park part party pass past pay peace people perfect perhaps person phone pick picture piece
    place plan play please point police poor possible power present press pretty price private
    problem public pull push put question quick quickly quiet quite rain ran read ready real really
    red remember rest return rich ride right ring rise river road rock room round rule rules run
    sad safe said sale same sat save saw say says school sea season seat second secret see seem seen
    sell send sent serious set seven several shall she ship shoe shop short should shout show shut
    sick side sign silence silly simple since sing sir sister sit six skin sky sleep slow slowly
    small smile snow so soft sold some someone something sometimes son song soon sorry sound south
    speak special spoke stand star start stay step still stone stood stop store story street strong
    stuff stupid such sudden suddenly summer sun super sure surprise sweet table take talk tall team
    tell ten than thank thanks that the their them then there these they thing things think third
    this those though thought thousand three through throw time tiny tired to today together told
    tomorrow tonight too took top touch toward town tree tried trip trouble truck true trust truth
    try turn two ugly under understand until up upon urgent us use used usual usually very video
    voice wait wake walk wall want war warm warning was wash watch water way we wear weather week
    welcome well went were west wet what when where which while white who whole whose why wide wife
    wild will win wind window winter wish with within without woman women won wonder wonderful wood
    word words work world worry worse worst would wow write wrong yard yeah year years yellow yes
    yesterday yet you young your yours yourself zone
    """.split()  # noqa: SIM905
)

# Abbreviations said as a word; in other rules' eyes they are words.
SAID_AS_WORDS = frozenset(
    """
    ACE AIDS AIPAC ALDI ANOVA ANZAC ASEAN ASICS ASUS AWOL BAFTA BASIC BIOS BOGOF BRIC BRICS CAD
    CAPTCHA CERN COBOL COVID CRISPR DARPA DOS EBITDA EFTA EPCOT ERASMUS EULA FEMA FIFA FOMO
    FORTRAN GAAP GATT GIF GIFS HALO HAMAS HIPAA HUD IATA ICANN IKEA INTERPOL ISIS JPEG JSON KIA
    LAN LASER LASIK LEGO LIDAR LORAN MERS MIDI MODEM NAFTA NASA NASCAR NASDAQ NATO NAVSTAR NIKE
    NIMBY NVIDIA OPEC OSHA OXFAM PETA PIN POTUS QANTAS QUANGO RADAR RAID RAM ROM SAAB SARS SCOTUS
    SCUBA SEAL SEALS SEGA SIM SNAP SONAR SWAT SWIFT SWOT TARDIS TASER TED TEFL TESOL TIFF UEFA
    UNESCO UNICEF UNIX VIN VISA VOIP WASP WAV WIFI YAML YOLO ZIP
    """.split()  # noqa: SIM905
)

# Abbreviations of four letters and more that could be said as a word but are spelled.
SPELLED = frozenset(
    """
    AARP ACLU ADHD AFAIK ASAP ASMR ASPCA CEFR COPD EEOC EMEA ESPN
    FIDE GOP HIV IAEA ICAO ICBM  IMAP IMDB IMHO INRI IUCN LAPD LASD LGBT MMORPG NAACP
    NCAA NYPD OECD OED OSCE PTSD RSPCA RSVP SATA SMTP TOEIC TSMC UCAS UCLA UKIP UMTS UNHCR
    USAF USDA USMC USPS USSR USDC UTC VHS YMCA YWCA HDMI HTTPS HTTP HTML CSS PHP SQL MYSQL IEEE
    OLED QLED WLAN
    """.split()  # noqa: SIM905
)

# Written in mixed case, and what they are said as.
MIXED_CASE = {
    "PhD": "P H D", "PhDs": "P H Ds", "MSc": "M S C", "BSc": "B S C", "DPhil": "D Phil",
    "iOS": "i O S", "iPadOS": "iPad O S", "macOS": "mac O S", "ChatGPT": "Chat G P T",
    "pH": "P H", "mRNA": "M R N A", "IoT": "I O T", "MySQL": "My S Q L", "NoSQL": "No S Q L",
    "NaCl": "N A C L", "MHz": "megahertz", "GHz": "gigahertz", "kWh": "kilowatt hours",
    "YoY": "year over year", "QoQ": "quarter over quarter", "MoM": "month over month",
}  # fmt: skip
