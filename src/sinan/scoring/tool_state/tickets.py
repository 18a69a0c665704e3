"""`TicketAPI`: the support tickets of a company."""

from collections.abc import Mapping
from typing import Any

from sinan.scoring.tool_state.kept import Kept

Answer = dict[str, Any]


class Tickets(Kept):
    """Tickets in a queue, numbered as they come."""

    BEGIN: Mapping[str, Any] = {"ticket_queue": [], "ticket_counter": 1, "current_user": None}
    ticket_queue: list[dict[str, Any]]
    ticket_counter: int
    current_user: str | None

    def create_ticket(self, title: str, description: str = "", priority: int = 1) -> Answer:
        """A new, open ticket."""
        if not self.current_user:
            return {"error": "log in first"}
        if not 1 <= priority <= 5:
            return {"error": "a priority is from 1 to 5"}
        ticket = {
            "id": self.ticket_counter,
            "title": title,
            "description": description,
            "status": "Open",
            "priority": priority,
            "created_by": self.current_user,
        }
        self.ticket_queue.append(ticket)
        self.ticket_counter += 1
        return ticket

    def get_ticket(self, ticket_id: int) -> Answer:
        """A ticket."""
        return self._ticket(ticket_id) or _missing(ticket_id)

    def close_ticket(self, ticket_id: int) -> Answer:
        """Closes a ticket that is not closed yet."""
        return self._ended(ticket_id, "Closed", {})

    def resolve_ticket(self, ticket_id: int, resolution: str) -> Answer:
        """Resolves a ticket, and says how."""
        return self._ended(ticket_id, "Resolved", {"resolution": resolution})

    def edit_ticket(self, ticket_id: int, updates: dict[str, Any]) -> Answer:
        """Changes title, description, status or priority."""
        ticket = self._ticket(ticket_id)
        if ticket is None:
            return _missing(ticket_id)
        unknown = sorted(set(updates) - {"title", "description", "status", "priority"})
        if unknown:
            return {"error": f"no fields of a ticket: {', '.join(unknown)}"}
        ticket.update({key: value for key, value in updates.items() if value is not None})
        return {"status": f"ticket {ticket_id} is changed"}

    def ticket_login(self, username: str, password: str) -> Answer:
        """Whoever gives a name and a password is let in."""
        if not (username and password):
            return {"success": False}
        self.current_user = username
        return {"success": True}

    def ticket_get_login_status(self) -> Answer:
        """Whether somebody is logged in."""
        return {"login_status": bool(self.current_user)}

    def logout(self) -> Answer:
        """Whoever was logged in no longer is."""
        was, self.current_user = self.current_user, None
        return {"success": bool(was)}

    def get_user_tickets(self, status: str | None = None) -> Any:
        """The tickets of whoever is logged in, of one status or of all."""
        if not self.current_user:
            return [{"error": "log in first"}]
        own = [one for one in self.ticket_queue if one.get("created_by") == self.current_user]
        if status in (None, "None", ""):
            return own
        return [one for one in own if str(one["status"]).lower() == str(status).lower()]

    def _ticket(self, ticket_id: int) -> dict[str, Any] | None:
        return next((one for one in self.ticket_queue if one["id"] == ticket_id), None)

    def _ended(self, ticket_id: int, status: str, more: dict[str, str]) -> Answer:
        ticket = self._ticket(ticket_id)
        if ticket is None:
            return _missing(ticket_id)
        if ticket["status"] == status:
            return {"error": f"ticket {ticket_id} is {status.lower()} already"}
        ticket.update({"status": status, **more})
        return {"status": f"ticket {ticket_id} is {status.lower()}"}


def _missing(ticket_id: int) -> Answer:
    return {"error": f"there is no ticket {ticket_id}"}
