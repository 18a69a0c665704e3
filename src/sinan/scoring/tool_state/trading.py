"""`TradingBot`: one account for stocks, at one moment of one day."""

from collections.abc import Mapping
from typing import Any

from sinan.scoring.tool_state.kept import Kept

Answer = dict[str, Any]
STRANGER = {"error": "log in first"}
MOMENT = "2024-09-01 10:30:00"
SECTORS = {"Technology": ["AAPL", "GOOG", "MSFT", "NVDA"], "Automobile": ["TSLA", "F", "GM"]}
SYMBOLS = {
    "Apple": "AAPL",
    "Google": "GOOG",
    "Tesla": "TSLA",
    "Microsoft": "MSFT",
    "Nvidia": "NVDA",
    "Zeta Corp": "ZETA",
    "Alpha Tech": "ALPH",
    "Omega Industries": "OMEG",
    "Quasar Ltd.": "QUAS",
    "Neptune Systems": "NEPT",
    "Synex Solutions": "SYNX",
    "Amazon": "AMZN",
    "Gorilla": "GORI",
}


def _order(number: int, kind: str, symbol: str, price: float, amount: int, status: str) -> Answer:
    placed = {"order_type": kind, "symbol": symbol, "price": price, "amount": amount}
    return {"id": number, **placed, "status": status}


class Trading(Kept):
    """Orders by number, a balance, stocks with their prices, and a list of those that are watched. A scenario brings
    its own stocks and orders."""

    BEGIN: Mapping[str, Any] = {
        "orders": {
            12345: _order(12345, "Buy", "AAPL", 210.65, 10, "Completed"),
            12446: _order(12446, "Sell", "GOOG", 2840.56, 5, "Pending"),
        },
        "account_info": {"account_id": 12345, "balance": 10000.0, "binding_card": 1974202140965533},
        "authenticated": False,
        "market_status": "Closed",
        "order_counter": 12446,
        "stocks": {},
        "watch_list": ["NVDA"],
        "transaction_history": [],
    }
    orders: dict[Any, Any]
    account_info: dict[str, Any]
    authenticated: bool
    market_status: str
    order_counter: int
    stocks: dict[str, dict[str, float]]
    watch_list: list[str]
    transaction_history: list[dict[str, Any]]

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(given)
        self.orders = {int(key) if str(key).isdigit() else key: order for key, order in self.orders.items()}

    def get_current_time(self) -> Answer:
        """The time of day."""
        return {"current_time": "10:30 AM"}

    def get_symbol_by_name(self, name: str) -> Answer:
        """The symbol of a company's stock."""
        return {"symbol": SYMBOLS.get(name, "Stock not found")}

    def get_available_stocks(self, sector: str) -> Answer:
        """The symbols of a sector."""
        return {"stock_list": SECTORS.get(sector, [])}

    def get_stock_info(self, symbol: str) -> Answer:
        """Price, change, volume and moving averages of a stock."""
        return dict(self.stocks[symbol]) if symbol in self.stocks else {"error": f"there is no stock {symbol}"}

    def filter_stocks_by_price(self, stocks: list[str], min_price: float, max_price: float) -> Answer:
        """Those whose price is within bounds."""
        prices = {symbol: self.stocks.get(symbol, {}).get("price", 0) for symbol in stocks}
        return {"filtered_stocks": [symbol for symbol in stocks if min_price <= prices[symbol] <= max_price]}

    def notify_price_change(self, stocks: list[str], threshold: float) -> Answer:
        """Those whose price has changed by so many percent or more."""
        known = [symbol for symbol in stocks if symbol in self.stocks]
        changed = [symbol for symbol in known if abs(self.stocks[symbol]["percent_change"]) >= threshold]
        return {"notification": f"changed: {', '.join(changed)}" if changed else "nothing has changed much"}

    def add_to_watchlist(self, stock: str) -> Answer:
        """Watches a stock that is known and not watched yet."""
        if stock in self.stocks and stock not in self.watch_list:
            self.watch_list.append(stock)
        return {"watchlist": self.watch_list}

    def remove_stock_from_watchlist(self, symbol: str) -> Answer:
        """Watches a stock no more."""
        if not self.authenticated:
            return STRANGER
        if symbol not in self.watch_list:
            return {"error": f"{symbol} is not watched"}
        self.watch_list.remove(symbol)
        return {"status": f"{symbol} is removed"}

    def get_watchlist(self) -> Answer:
        """The stocks that are watched."""
        return {"watchlist": self.watch_list} if self.authenticated else STRANGER

    def place_order(self, order_type: str, symbol: str, price: float, amount: int) -> Answer:
        """A new order. It is pending in the answer, and open when it is asked for later."""
        if not self.authenticated:
            return STRANGER
        if symbol not in self.stocks:
            return {"error": f"there is no stock {symbol}"}
        if price <= 0 or amount <= 0:
            return {"error": "price and amount must be above 0"}
        if order_type.lower() == "buy" and float(price) * int(amount) > self.account_info.get("balance", 0):
            return {"error": "the balance is too small"}
        number = self.order_counter
        self.orders[number] = _order(number, order_type, symbol, float(price), amount, "Open")
        self.order_counter += 1
        placed = {"order_type": order_type, "price": float(price), "amount": amount}
        return {"order_id": number, **placed, "status": "Pending"}

    def get_order_details(self, order_id: int) -> Answer:
        """An order."""
        found: Answer = self.orders.get(order_id, {"error": f"there is no order {order_id}; {list(self.orders)} are"})
        return found

    def cancel_order(self, order_id: int) -> Answer:
        """Cancels an order that is not completed."""
        if order_id not in self.orders:
            return {"error": f"there is no order {order_id}"}
        if self.orders[order_id]["status"] == "Completed":
            return {"error": f"order {order_id} is completed"}
        self.orders[order_id]["status"] = "Cancelled"
        return {"order_id": order_id, "status": "Cancelled"}

    def get_order_history(self) -> Any:
        """The numbers of all orders."""
        return {"order_history": list(self.orders)} if self.authenticated else [STRANGER]

    def get_account_info(self) -> Answer:
        """Number, balance and card of the account."""
        return self.account_info if self.authenticated else STRANGER

    def trading_login(self, username: str, password: str) -> Answer:
        """Whoever comes is let in."""
        was, self.authenticated = self.authenticated, True
        return {"status": "logged in before" if was else "logged in"}

    def trading_get_login_status(self) -> Answer:
        """Whether the user is logged in."""
        return {"status": bool(self.authenticated)}

    def trading_logout(self) -> Answer:
        """Logs the user out."""
        was, self.authenticated = self.authenticated, False
        return {"status": "logged out" if was else "nobody was logged in"}

    def fund_account(self, amount: float) -> Answer:
        """Adds to the balance."""
        if not self.authenticated:
            return STRANGER
        if amount <= 0:
            return {"error": "the amount must be above 0"}
        return self._moved("deposit", amount, amount)

    def withdraw_funds(self, amount: float) -> Answer:
        """Takes from the balance, while the market is open."""
        if not self.authenticated:
            return STRANGER
        if self.market_status != "Open":
            return {"error": "the market is closed"}
        if not 0 < amount <= self.account_info["balance"]:
            return {"error": "the amount must be above 0 and within the balance"}
        return self._moved("withdrawal", amount, -amount)

    def get_transaction_history(self, start_date: str | None = None, end_date: str | None = None) -> Any:
        """Deposits and withdrawals between two days, `YYYY-MM-DD`."""
        if not self.authenticated:
            return [STRANGER]
        first = "" if start_date in (None, "None") else str(start_date)
        last = "9999" if end_date in (None, "None") else f"{end_date} 00:00:00"
        return {"transaction_history": [one for one in self.transaction_history if first <= one["timestamp"] <= last]}

    def _moved(self, kind: str, amount: float, change: float) -> Answer:
        self.account_info["balance"] += change
        self.transaction_history.append({"type": kind, "amount": amount, "timestamp": MOMENT})
        return {"status": f"the {kind} is done", "new_balance": self.account_info["balance"]}
