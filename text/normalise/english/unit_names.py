"""Units as they are written: the symbol, its name for one, its name for many."""

from __future__ import annotations


def _s(**names: str) -> dict[str, tuple[str, str]]:
    return {symbol: (name, f"{name}s") for symbol, name in names.items()}


_SYMBOLS = {
    **_s(
        km="kilometer", cm="centimeter", mm="millimeter", nm="nanometer", kg="kilogram",
        mg="milligram", g="gram", gr="gram", mcg="microgram", lb="pound", lbs="pound", oz="ounce",
        yd="yard", yds="yard", mi="mile", nmi="nautical mile", L="liter", l="liter",
        ml="milliliter", mL="milliliter", cl="centiliter", dl="deciliter", dL="deciliter", pts="point", gal="gallon", qt="quart",
        pt="pint", tbsp="tablespoon", tbsps="tablespoon", Tbsp="tablespoon", tsp="teaspoon",
        tsps="teaspoon", ha="hectare", t="ton", kt="knot", kts="knot", acre="acre",
        W="watt", kW="kilowatt", KW="kilowatt", MW="megawatt", GW="gigawatt", TW="terawatt",
        Wh="watt hour", kWh="kilowatt hour", KWh="kilowatt hour", MWh="megawatt hour",
        GWh="gigawatt hour", TWh="terawatt hour", V="volt", kV="kilovolt", mV="millivolt",
        mA="milliamp", mAh="milliamp hour", Ah="amp hour", kJ="kilojoule", MJ="megajoule",
        cal="calorie", kcal="kilocalorie", kN="kilonewton", Pa="pascal", kPa="kilopascal",
        hPa="hectopascal", MPa="megapascal", dB="decibel", KB="kilobyte", kB="kilobyte",
        MB="megabyte", GB="gigabyte", TB="terabyte", PB="petabyte", Kb="kilobit", kb="kilobit",
        Mb="megabit", Gb="gigabit", Gbit="gigabit", Mbit="megabit", GiB="gibibyte", MiB="mebibyte",
        KiB="kibibyte", px="pixel", MP="megapixel", mol="mole", mmol="millimole", ms="millisecond",
        ns="nanosecond", s="second", sec="second", secs="second", min="minute", mins="minute",
        h="hour", hr="hour", hrs="hour", wk="week", wks="week", yr="year", yrs="year", mo="month",
        mos="month", dz="dozen", doz="dozen", ct="carat", lm="lumen", atm="atmosphere", m="meter",
        km2="square kilometer", ly="light year", cc="cubic centimeter", ga="gauge", pg="page",
    ),
    "in": ("inch", "inches"), "µL": ("microliter", "microliters"), "μL": ("microliter", "microliters"),
    "µm": ("micrometer", "micrometers"), "μm": ("micrometer", "micrometers"),
    "µg": ("microgram", "micrograms"), "μg": ("microgram", "micrograms"),
    "µs": ("microsecond", "microseconds"), "μs": ("microsecond", "microseconds"),
    "Ω": ("ohm", "ohms"), "kΩ": ("kilohm", "kilohms"), "MΩ": ("megohm", "megohms"),
    "Å": ("angstrom", "angstroms"), "ft": ("foot", "feet"), "feet": ("foot", "feet"),
    "Hz": ("hertz", "hertz"), "kHz": ("kilohertz", "kilohertz"), "KHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"), "GHz": ("gigahertz", "gigahertz"), "bar": ("bar", "bars"),
    "lx": ("lux", "lux"), "kt.": ("knot", "knots"), "st": ("stone", "stone"),
    "stone": ("stone", "stone"), "foot": ("foot", "feet"), "inch": ("inch", "inches"),
    "mph": ("mile per hour", "miles per hour"), "MPH": ("mile per hour", "miles per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "kmh": ("kilometer per hour", "kilometers per hour"),
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "mpg": ("mile per gallon", "miles per gallon"), "FPS": ("frame per second", "frames per second"), "fps": ("frame per second", "frames per second"),
    "rpm": ("revolution per minute", "revolutions per minute"), "hp": ("horsepower", "horsepower"),
    "RPM": ("revolution per minute", "revolutions per minute"),
    "HP": ("horsepower", "horsepower"), "bhp": ("brake horsepower", "brake horsepower"),
    "bpm": ("beat per minute", "beats per minute"), "BPM": ("beat per minute", "beats per minute"),
    "psi": ("P S I", "P S I"), "PSI": ("P S I", "P S I"), "dpi": ("D P I", "D P I"),
    "ppi": ("P P I", "P P I"), "DPI": ("D P I", "D P I"), "IU": ("I U", "I U"),
    "kbps": ("kilobit per second", "kilobits per second"),
    "Kbps": ("kilobit per second", "kilobits per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Gbps": ("gigabit per second", "gigabits per second"),
    "MBps": ("megabyte per second", "megabytes per second"),
    "ppm": ("part per million", "parts per million"), "ppb": ("part per billion", "parts per billion"),
    "sq ft": ("square foot", "square feet"), "sq. ft": ("square foot", "square feet"),
    "sqft": ("square foot", "square feet"), "sq mi": ("square mile", "square miles"),
    "sq. mi": ("square mile", "square miles"), "sq m": ("square meter", "square meters"),
    "sq. m": ("square meter", "square meters"), "sqm": ("square meter", "square meters"),
    "sq km": ("square kilometer", "square kilometers"),
    "sq. km": ("square kilometer", "square kilometers"),
    "sq in": ("square inch", "square inches"), "sq yd": ("square yard", "square yards"),
    "cu ft": ("cubic foot", "cubic feet"), "cu. ft": ("cubic foot", "cubic feet"),
    "fl oz": ("fluid ounce", "fluid ounces"), "fl. oz": ("fluid ounce", "fluid ounces"),
    "ft lb": ("foot pound", "foot pounds"), "ft-lb": ("foot pound", "foot pounds"),
    "°C": ("degree Celsius", "degrees Celsius"), "° C": ("degree Celsius", "degrees Celsius"),
    "℃": ("degree Celsius", "degrees Celsius"), "ºC": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"), "℉": ("degree Fahrenheit", "degrees Fahrenheit"),
    "° F": ("degree Fahrenheit", "degrees Fahrenheit"), "ºF": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"), "º": ("degree", "degrees"), "°K": ("kelvin", "kelvins"),
    "N⋅m": ("newton meter", "newton meters"), "Nm": ("newton meter", "newton meters"),
    "CO2e": ("C O two equivalent", "C O two equivalent"), "%": ("percent", "percent"),
    "‰": ("per mille", "per mille"),
}  # fmt: skip

_SQUARED = {"m": "meter", "km": "kilometer", "cm": "centimeter", "mm": "millimeter", "mi": "mile"}


def _powers() -> dict[str, tuple[str, str]]:
    names: dict[str, tuple[str, str]] = {}
    for signs, power in ((("²", "^2", "2"), "square"), (("³", "^3", "3"), "cubic")):
        for symbol, name in {**_SQUARED, "dm": "decimeter", "yd": "yard"}.items():
            for sign in signs:
                names[symbol + sign] = (f"{power} {name}", f"{power} {name}s")
        for sign in signs[:2]:
            names[f"ft{sign}"] = (f"{power} foot", f"{power} feet")
            names[f"in{sign}"] = (f"{power} inch", f"{power} inches")
    return names


UNITS: dict[str, tuple[str, str]] = {**_SYMBOLS, **_powers()}

# What may stand after a slash, and how it is said after "per".
PER = {
    **{symbol: UNITS[symbol][0] for symbol in UNITS if symbol[0] not in "°º℃℉%‰"},
    "s²": "second squared", "s^2": "second squared", "s2": "second squared", "d": "day",
    "day": "day", "hour": "hour", "week": "week", "month": "month", "year": "year",
    "person": "person", "kg²": "kilogram squared", "100km": "hundred kilometers",
    "100 km": "hundred kilometers", "100g": "hundred grams", "100 g": "hundred grams",
}  # fmt: skip
