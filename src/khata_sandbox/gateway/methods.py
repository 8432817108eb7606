"""What can be paid with: labels, maxima, banks, wallets, UPI apps, by published codes (merged banks left out)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Method:
    """`code` names the form, `wire` the payment entity's method."""

    code: str
    label: str
    wire: str
    hint: str
    maximum_minor: int


UPI_MAXIMUM_MINOR = 10_000_000
WALLET_MAXIMUM_MINOR = 10_000_000
BANK_MAXIMUM_MINOR = 100_000_000
"""Cards and netbanking go up to the largest order, so that every order can be paid somehow."""

METHODS = (
    Method("upi-qr", "UPI QR", "upi", "Scan with any phone", UPI_MAXIMUM_MINOR),
    Method("upi", "UPI", "upi", "Google Pay, PhonePe, Paytm, BHIM", UPI_MAXIMUM_MINOR),
    Method("cards", "Cards", "card", "Visa, Mastercard, RuPay, Amex, Diners", BANK_MAXIMUM_MINOR),
    Method("netbanking", "Netbanking", "netbanking", "All large Indian banks", BANK_MAXIMUM_MINOR),
    Method("wallet", "Wallet", "wallet", "Mobile wallets", WALLET_MAXIMUM_MINOR),
)

UPI_APPS = {"google_pay": "Google Pay", "phonepe": "PhonePe", "paytm": "Paytm", "bhim": "BHIM"}

WALLETS = {
    "phonepe": "PhonePe",
    "amazonpay": "Amazon Pay",
    "mobikwik": "MobiKwik",
    "airtelmoney": "Airtel Money",
    "jiomoney": "JioMoney",
    "olamoney": "Ola Money",
    "payzapp": "PayZapp",
    "bajajpay": "Bajaj Pay",
}

BANKS_POPULAR = ("SBIN", "HDFC", "ICIC", "UTIB", "KKBK", "PUNB_R")

BANKS = {
    "AIRP": "Airtel Payments Bank",
    "AUBL": "AU Small Finance Bank",
    "UTIB": "Axis Bank",
    "BBKM": "Bank of Bahrain and Kuwait",
    "BARB_R": "Bank of Baroda",
    "BDBL": "Bandhan Bank",
    "BKID": "Bank of India",
    "MAHB": "Bank of Maharashtra",
    "CNRB": "Canara Bank",
    "CSBK": "Catholic Syrian Bank",
    "CBIN": "Central Bank of India",
    "CIUB": "City Union Bank",
    "COSB": "Cosmos Bank",
    "DBSS": "DBS Bank",
    "DCBL": "DCB Bank",
    "DEUT": "Deutsche Bank",
    "DLXB": "Dhanlaxmi Bank",
    "ESFB": "Equitas Small Finance Bank",
    "ESAF": "ESAF Small Finance Bank",
    "FDRL": "Federal Bank",
    "HDFC": "HDFC Bank",
    "HSBC": "HSBC",
    "ICIC": "ICICI Bank",
    "IBKL": "IDBI Bank",
    "IDFB": "IDFC FIRST Bank",
    "IDIB": "Indian Bank",
    "IOBA": "Indian Overseas Bank",
    "INDB": "IndusInd Bank",
    "JAKA": "Jammu and Kashmir Bank",
    "JSFB": "Jana Small Finance Bank",
    "JSBP": "Janata Sahakari Bank (Pune)",
    "KCCB": "Kalupur Commercial Co-operative Bank",
    "KJSB": "Kalyan Janata Sahakari Bank",
    "KARB": "Karnataka Bank",
    "KVBL": "Karur Vysya Bank",
    "KKBK": "Kotak Mahindra Bank",
    "MSNU": "Mehsana Urban Co-operative Bank",
    "NKGS": "NKGSB Co-operative Bank",
    "NESF": "North East Small Finance Bank",
    "NSPB": "NSDL Payments Bank",
    "PSIB": "Punjab and Sind Bank",
    "PUNB_R": "Punjab National Bank",
    "RATN": "RBL Bank",
    "SRCB": "Saraswat Bank",
    "SVCB": "SVC Co-operative Bank",
    "SIBL": "South Indian Bank",
    "SCBL": "Standard Chartered Bank",
    "SBIN": "State Bank of India",
    "SURY": "Suryoday Small Finance Bank",
    "TMBL": "Tamilnad Mercantile Bank",
    "TNSC": "Tamil Nadu State Co-operative Bank",
    "TJSB": "TJSB Bank",
    "UCBA": "UCO Bank",
    "UBIN": "Union Bank of India",
    "VARA": "Varachha Co-operative Bank",
    "YESB": "Yes Bank",
}


def methods_entity() -> dict[str, object]:
    """The answer of `GET /v1/methods`."""
    return {
        "entity": "methods",
        "card": True,
        "debit_card": True,
        "credit_card": True,
        "prepaid_card": True,
        "card_networks": {"AMEX": 1, "DICL": 1, "MC": 1, "MAES": 1, "VISA": 1, "RUPAY": 1},
        "amex": True,
        "netbanking": BANKS,
        "wallet": dict.fromkeys(WALLETS, True),
        "upi": True,
        "upi_intent": True,
        "emi": False,
        "cardless_emi": [],
        "paylater": [],
    }
