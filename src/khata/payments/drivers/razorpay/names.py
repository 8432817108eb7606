"""Names people know for Razorpay's bank and wallet codes. A code that is not here is shown as it is."""

_NAMES = {
    # Banks
    "AUBL": "AU Small Finance Bank",
    "BARB_R": "Bank of Baroda",
    "BKID": "Bank of India",
    "CBIN": "Central Bank of India",
    "CNRB": "Canara Bank",
    "FDRL": "Federal Bank",
    "HDFC": "HDFC Bank",
    "IBKL": "IDBI Bank",
    "ICIC": "ICICI Bank",
    "IDFB": "IDFC FIRST Bank",
    "IDIB": "Indian Bank",
    "INDB": "IndusInd Bank",
    "IOBA": "Indian Overseas Bank",
    "KARB": "Karnataka Bank",
    "KKBK": "Kotak Mahindra Bank",
    "KVBL": "Karur Vysya Bank",
    "MAHB": "Bank of Maharashtra",
    "PUNB_R": "Punjab National Bank",
    "RATN": "RBL Bank",
    "SBIN": "State Bank of India",
    "SIBL": "South Indian Bank",
    "UBIN": "Union Bank of India",
    "UCBA": "UCO Bank",
    "UTIB": "Axis Bank",
    "YESB": "YES Bank",
    # Wallets
    "airtelmoney": "Airtel Money",
    "amazonpay": "Amazon Pay",
    "bajajpay": "Bajaj Pay",
    "jiomoney": "JioMoney",
    "mobikwik": "MobiKwik",
    "olamoney": "Ola Money",
    "payzapp": "PayZapp",
    "phonepe": "PhonePe",
}


def name_of(code: str) -> str:
    return _NAMES.get(code, code)
