"""GSTIN, the Indian tax registration number, and the State codes it starts with.

Format and check digit: 15 characters; alphabet 0-9A-Z; weights 1, 2, 1, 2 … over the first 14; each product adds
quotient and remainder by 36; check = (36 − sum mod 36) mod 36. Characters 3–12 are the holder's PAN.
"""

import re

STATES: dict[str, str] = {
    "01": "Jammu and Kashmir",
    "02": "Himachal Pradesh",
    "03": "Punjab",
    "04": "Chandigarh",
    "05": "Uttarakhand",
    "06": "Haryana",
    "07": "Delhi",
    "08": "Rajasthan",
    "09": "Uttar Pradesh",
    "10": "Bihar",
    "11": "Sikkim",
    "12": "Arunachal Pradesh",
    "13": "Nagaland",
    "14": "Manipur",
    "15": "Mizoram",
    "16": "Tripura",
    "17": "Meghalaya",
    "18": "Assam",
    "19": "West Bengal",
    "20": "Jharkhand",
    "21": "Odisha",
    "22": "Chhattisgarh",
    "23": "Madhya Pradesh",
    "24": "Gujarat",
    "26": "Dadra and Nagar Haveli and Daman and Diu",
    "27": "Maharashtra",
    "29": "Karnataka",
    "30": "Goa",
    "31": "Lakshadweep",
    "32": "Kerala",
    "33": "Tamil Nadu",
    "34": "Puducherry",
    "35": "Andaman and Nicobar Islands",
    "36": "Telangana",
    "37": "Andhra Pradesh",
    "38": "Ladakh",
    "97": "Other Territory",
}
"""State code → name. 25 was merged into 26; 28 belonged to undivided Andhra Pradesh."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHAPE = re.compile(r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]")


class InvalidGstin(ValueError):
    """The text is not a GSTIN; the message says in one sentence what is wrong with it."""


def normalise_gstin(text: str) -> str:
    """The GSTIN in upper case without blanks. Raises InvalidGstin."""
    gstin = "".join(text.split()).upper()
    if not _SHAPE.fullmatch(gstin):
        raise InvalidGstin("A GSTIN has 15 characters, like 29AAGCR4375J1ZU.")
    if gstin[:2] not in STATES:
        raise InvalidGstin(f"No State has the code {gstin[:2]}.")
    if check_character(gstin[:14]) != gstin[14]:
        raise InvalidGstin("The last character does not fit: please check for a typing slip.")
    return gstin


def check_character(first_fourteen: str) -> str:
    """The 15th character that belongs to the first 14."""
    total = 0
    for place, character in enumerate(first_fourteen):
        product = _ALPHABET.index(character) * (1 + place % 2)
        total += product // 36 + product % 36
    return _ALPHABET[-total % 36]
