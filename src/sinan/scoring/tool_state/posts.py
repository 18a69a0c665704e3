"""`TwitterAPI`: one user's account for short posts."""

from collections.abc import Mapping
from typing import Any

from sinan.scoring.tool_state.kept import Kept

Answer = dict[str, Any]
STRANGER = {"error": "log in first"}


class Posts(Kept):
    """Posts by number, with comments and reposts, and the users that are followed."""

    BEGIN: Mapping[str, Any] = {
        "username": "john",
        "password": "john123",
        "authenticated": False,
        "tweets": {},
        "comments": {},
        "retweets": {},
        "following_list": ["alice", "bob"],
        "tweet_counter": 0,
    }
    username: str
    password: str
    authenticated: bool
    tweets: dict[int, dict[str, Any]]
    comments: dict[Any, list[dict[str, str]]]
    retweets: dict[str, list[int]]
    following_list: list[str]
    tweet_counter: int

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(given)
        self.tweets = {int(number): tweet for number, tweet in self.tweets.items()}

    def authenticate_twitter(self, username: str, password: str) -> Answer:
        """Logs the user in."""
        right = (username, password) == (self.username, self.password)
        self.authenticated = self.authenticated or right
        return {"authentication_status": right}

    def posting_get_login_status(self) -> Answer:
        """Whether the user is logged in."""
        return {"login_status": bool(self.authenticated)}

    def post_tweet(self, content: str, tags: list[str] | None = None, mentions: list[str] | None = None) -> Answer:
        """A new post under the next number."""
        if not self.authenticated:
            return STRANGER
        tweet = {
            "id": self.tweet_counter,
            "username": self.username,
            "content": content,
            "tags": list(tags or ()),
            "mentions": list(mentions or ()),
        }
        self.tweets[self.tweet_counter] = tweet
        self.tweet_counter += 1
        return tweet

    def retweet(self, tweet_id: int) -> Answer:
        """Reposts a post, once."""
        if not self.authenticated:
            return STRANGER
        if tweet_id not in self.tweets:
            return _missing(tweet_id)
        own = self.retweets.setdefault(self.username, [])
        if tweet_id in own:
            return {"retweet_status": "reposted before"}
        own.append(tweet_id)
        return {"retweet_status": "reposted"}

    def comment(self, tweet_id: int, comment_content: str) -> Answer:
        """Adds a comment to a post."""
        if not self.authenticated:
            return STRANGER
        if tweet_id not in self.tweets:
            return _missing(tweet_id)
        self.comments.setdefault(tweet_id, []).append({"username": self.username, "content": comment_content})
        return {"comment_status": "added"}

    def mention(self, tweet_id: int, mentioned_usernames: list[str]) -> Answer:
        """Adds users to those whom a post mentions."""
        if tweet_id not in self.tweets:
            return _missing(tweet_id)
        self.tweets[tweet_id]["mentions"].extend(mentioned_usernames)
        return {"mention_status": "mentioned"}

    def follow_user(self, username_to_follow: str) -> Answer:
        """Follows a user who is not followed yet."""
        if not self.authenticated:
            return STRANGER
        if username_to_follow in self.following_list:
            return {"follow_status": False}
        self.following_list.append(username_to_follow)
        return {"follow_status": True}

    def unfollow_user(self, username_to_unfollow: str) -> Answer:
        """Follows a user no more."""
        if not self.authenticated:
            return STRANGER
        if username_to_unfollow not in self.following_list:
            return {"unfollow_status": False}
        self.following_list.remove(username_to_unfollow)
        return {"unfollow_status": True}

    def list_all_following(self) -> Answer:
        """The users that are followed."""
        return {"following_list": self.following_list} if self.authenticated else STRANGER

    def get_tweet(self, tweet_id: int) -> Answer:
        """A post."""
        return self.tweets.get(tweet_id, _missing(tweet_id))

    def get_user_tweets(self, username: str) -> Answer:
        """The posts of a user."""
        return {"user_tweets": [one for one in self.tweets.values() if one["username"] == username]}

    def search_tweets(self, keyword: str) -> Answer:
        """The posts with a word in their text or as a tag, whatever its case."""
        word = keyword.lower()
        found = [
            one
            for one in self.tweets.values()
            if word in one["content"].lower() or word in [tag.lower() for tag in one["tags"]]
        ]
        return {"matching_tweets": found}

    def get_tweet_comments(self, tweet_id: int) -> Answer:
        """The comments on a post."""
        return {"comments": self.comments.get(tweet_id, [])} if tweet_id in self.tweets else _missing(tweet_id)

    def get_user_stats(self, username: str) -> Answer:
        """How much a user has posted, reposted and followed."""
        return {
            "tweet_count": sum(one["username"] == username for one in self.tweets.values()),
            "following_count": len(self.following_list) if username == self.username else 0,
            "retweet_count": len(self.retweets.get(username, ())),
        }


def _missing(tweet_id: int) -> Answer:
    return {"error": f"there is no post {tweet_id}"}
