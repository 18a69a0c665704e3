"""`MessageAPI`: messages between the users of a workspace."""

import random
from collections.abc import Mapping
from typing import Any

from sinan.scoring.tool_state.kept import Kept

Answer = dict[str, Any]
NOBODY = {"error": "nobody is logged in"}


class Messages(Kept):
    """Messages stand in one list, each as `{receiver: text}`; those that are sent are added to it."""

    BEGIN: Mapping[str, Any] = {
        "generated_ids": [],
        "user_count": 4,
        "user_map": {"Alice": "USR001", "Bob": "USR002", "Catherine": "USR003", "Daniel": "USR004"},
        "inbox": [
            {"USR002": "My name is Alice. I want to connect."},
            {"USR003": "Could you upload the file?"},
            {"USR004": "Could you upload the file?"},
        ],
        "message_count": 3,
        "current_user": None,
    }
    generated_ids: list[int]
    user_count: int
    user_map: dict[str, str]
    inbox: list[dict[str, Any]]
    message_count: int
    current_user: str | None

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(given)
        self._random = random.Random(given.get("random_seed", 200191))

    def list_users(self) -> Answer:
        """The names of all users."""
        return {"user_list": list(self.user_map)}

    def get_user_id(self, user: str) -> Answer:
        """The id of a user's name."""
        return {"user_id": self.user_map[user]} if user in self.user_map else {"error": f"there is no user {user}"}

    def message_login(self, user_id: str) -> Answer:
        """From here on this user acts."""
        if user_id not in self.user_map.values():
            return {"login_status": False, "message": f"there is no user {user_id}"}
        self.current_user = user_id
        return {"login_status": True, "message": f"{user_id} is logged in"}

    def message_get_login_status(self) -> Answer:
        """Whether somebody acts."""
        return {"login_status": bool(self.current_user)}

    def send_message(self, receiver_id: str, message: str) -> Answer:
        """Adds a message."""
        if not self.current_user:
            return NOBODY
        if receiver_id not in self.user_map.values():
            return {"error": f"there is no user {receiver_id}"}
        number = self._random.randint(10000, 99999)
        while number in self.generated_ids:
            number = self._random.randint(10000, 99999)
        self.generated_ids.append(number)
        self.inbox.append({receiver_id: message})
        self.message_count += 1
        return {"sent_status": True, "message_id": number, "message": f"sent to {receiver_id}"}

    def delete_message(self, receiver_id: str) -> Answer:
        """Removes the latest message to a receiver."""
        if not self.current_user:
            return NOBODY
        for place, (receiver, _) in reversed(list(enumerate(self._all()))):
            if receiver == receiver_id:
                del self.inbox[place]
                return {"deleted_status": True, "receiver_id": receiver_id, "message": "the latest message is deleted"}
        return {"error": f"there is no message to {receiver_id}"}

    def view_messages_sent(self) -> Answer:
        """All messages by receiver."""
        if not self.current_user:
            return NOBODY
        sent: dict[str, list[Any]] = {}
        for receiver, text in self._all():
            sent.setdefault(receiver, []).append(text)
        return {"messages": sent}

    def add_contact(self, user_name: str) -> Answer:
        """A new user, with the next id."""
        if user_name in self.user_map:
            return {"error": f"there is a user {user_name} already"}
        self.user_count += 1
        user_id = f"USR{self.user_count:03}"
        if user_id in self.user_map.values():
            return {"error": f"the id {user_id} is taken"}
        self.user_map[user_name] = user_id
        return {"added_status": True, "user_id": user_id, "message": f"{user_name} is added"}

    def search_messages(self, keyword: str) -> Answer:
        """The messages that hold a word, whatever its case."""
        if not self.current_user:
            return NOBODY
        found = [(to, text) for to, text in self._all() if keyword.lower() in str(text).lower()]
        return {"results": [{"receiver_id": to, "message": text} for to, text in found]}

    def get_message_stats(self) -> Answer:
        """How many messages, and to how many users."""
        if not self.current_user:
            return NOBODY
        receivers = [to for to, _ in self._all()]
        return {"stats": {"received_count": len(receivers), "total_contacts": len(set(receivers))}}

    def _all(self) -> list[tuple[str, Any]]:
        return [next(iter(one.items()), ("", "")) for one in self.inbox]
