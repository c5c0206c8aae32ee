"""Short everyday sentences, put together from parts: what people type to try a voice."""

from __future__ import annotations

import random

_SLOTS: dict[str, tuple[str, ...]] = {
    "who": ("I", "You", "We", "They", "She", "He", "My sister", "My brother", "The teacher",
            "Our neighbour", "The doctor", "A friend of mine", "The children", "The old man",
            "Her mother", "His father", "Nobody", "Everyone", "The driver", "The cook"),
    "past": ("bought", "found", "lost", "saw", "forgot", "liked", "brought", "opened", "cleaned",
             "painted", "carried", "sold", "wanted", "kept", "dropped", "needed", "heard about"),
    "thing": ("the book", "a new bicycle", "the blue umbrella", "an old piano", "two tickets",
              "the last piece of cake", "a letter", "the wrong key", "some fresh bread",
              "a cup of coffee", "the red car", "a warm coat", "the garden chair", "three apples",
              "a box of chocolate", "the morning paper", "a small dog", "the green bottle"),
    "place": ("at home", "in the kitchen", "near the river", "at the station", "in the park",
              "by the window", "behind the house", "at school", "in the city", "on the bridge",
              "at the market", "in the mountains", "next to the church", "under the table"),
    "time": ("today", "yesterday", "this morning", "last night", "on Monday", "on Friday evening",
             "every day", "in the summer", "at noon", "before dinner", "after work", "next week",
             "once a year", "at seven o'clock", "a long time ago", "two hours later"),
    "weather": ("sunny", "cold", "rainy", "windy", "warm", "cloudy", "foggy", "very quiet"),
    "feel": ("happy", "tired", "hungry", "surprised", "ready", "late", "worried", "proud"),
    "name": ("Anna", "Peter", "Maria", "John", "Laura", "David", "Sophie", "Tom", "Julia", "Max"),
    "verb": ("go", "wait", "sing", "read", "sleep", "dance", "cook", "walk", "listen", "travel",
             "play chess", "ride a horse", "speak slowly", "come along", "learn to swim"),
    "hello": ("Hello", "Good morning", "Good evening", "Good night", "Hi there", "Welcome",
              "Thank you", "Excuse me", "Goodbye", "See you soon", "Congratulations", "Sorry"),
    "fact": ("the train leaves in ten minutes", "the shop is closed", "dinner is ready",
             "the water is too cold", "the road is very long", "the music was beautiful",
             "the answer is no", "it takes an hour", "the weather will change",
             "the film starts at eight", "the door is open", "there is no more milk",
             "this is only a test", "your order has arrived", "the sky is clear",
             "the quick brown fox jumps over the lazy dog", "time flies", "snow is falling"),
}  # fmt: skip
_TEMPLATES = (
    "{hello}!", "{hello}, {name}.", "{hello}, {name}! How are you {time}?",
    "{hello}, my name is {name}.", "{who} {past} {thing}.", "{who} {past} {thing} {place}.",
    "{who} {past} {thing} {time}.", "{who} {past} {thing} {place} {time}.",
    "{name} {past} {thing}, and {who} {past} {thing}.", "Did {name} {verb} {place}?",
    "It is {weather} {place} {time}.", "It was {weather}, but {name} was {feel}.",
    "Are you {feel}?", "I am {feel} {time}.", "Why are they so {feel}?", "{name}, {fact}.",
    "I think {fact}.", "Please {verb} {place}.", "Let's {verb} {time}!", "Can you {verb}?",
    "Don't {verb} {place}, {fact}.", "Where is {thing}?", "{thing} is {place}.",
    "{name} said that {fact}.", "Would you like to {verb} {time}?", "Yes, {fact}!",
    "No, {who} {past} {thing}.", "When {fact}, I {verb} {place}.", "{fact}.", "{fact}, {name}.",
    "What a {weather} day!", "{hello}. {fact}.", "Do you know {name}?",
    "{who} can't {verb} {time}.", "I'm {feel}, because {fact}.", "Who {past} {thing}?",
)  # fmt: skip


def everyday(rng: random.Random) -> str:
    """A sentence such as "My sister found the wrong key at the station."; 5 to 100 characters."""
    template = rng.choice(_TEMPLATES)
    parts = template.split("{")
    text = parts[0]
    for part in parts[1:]:
        slot, rest = part.split("}", 1)
        word = rng.choice(_SLOTS[slot])
        starts = not text or text[-2:] in (". ", "! ", "? ")
        keep = starts or slot in ("name", "hello") or word == "I"
        first = word[0].upper() if starts else word[0] if keep else word[0].lower()
        text += first + word[1:] + rest
    return text
