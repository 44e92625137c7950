/* The grammar: a sentence is a phrase of a noun, one of a verb, perhaps more phrases, and a mark at its end; each phrase has a
 * few forms. Forms are written as letters that name a class of words (see classes below); other letters stand for themselves.
 * Words that stand first in their list are drawn more often, as the specification's weights have it. */
#include "datasets/tpc_text.h"

#include "datasets/tpc.h"

#include <string.h>

#define COMMENT_BYTES_MAX 250
#define COMMENT_START_MAX 24 /* bytes of the first sentence that are left out, at most */

static const char *const nouns[] = {
    "packages",  "requests",   "accounts", "deposits",  "foxes",          "ideas",        "theodolites", "pinto beans",
    "platelets", "asymptotes", "courts",   "dolphins",  "instructions",   "dependencies", "excuses",     "multipliers",
    "sauternes", "warthogs",   "frets",    "dinos",     "attainments",    "somas",        "Tiresias'",   "patterns",
    "forges",    "braids",     "frays",    "warhorses", "dugouts",        "notornis",     "epitaphs",    "pearls",
    "tithes",    "waters",     "orbits",   "gifts",     "sheaves",        "depths",       "sentiments",  "decoys",
    "realms",    "pains",      "grouches", "escapades", "hockey players",
};
static const char *const verbs[] = {
    "sleep",     "wake",     "are",     "cajole", "haggle", "nag",    "use",     "boost",  "affix",   "detect",
    "integrate", "nod",      "was",     "lose",   "solve",  "thrash", "promise", "engage", "print",   "x-ray",
    "breach",    "maintain", "eat",     "grow",   "mold",   "poach",  "serve",   "run",    "dazzle",  "doze",
    "unwind",    "kindle",   "sublate", "play",   "hang",   "doubt",  "snooze",  "hinder", "impress", "believe",
};
static const char *const adjectives[] = {
    "special", "pending", "unusual", "express", "regular",  "final",  "ironic",    "even",     "bold", "silent",
    "furious", "sly",     "careful", "blithe",  "quick",    "fluffy", "slow",      "quiet",    "thin", "ruthless",
    "close",   "dogged",  "daring",  "brave",   "stealthy", "busy",   "permanent", "enticing", "idle",
};
static const char *const adverbs[] = {
    "furiously", "slyly",     "carefully", "blithely", "quickly",    "fluffily",    "slowly",
    "quietly",   "sometimes", "always",    "never",    "ruthlessly", "thinly",      "closely",
    "doggedly",  "daringly",  "bravely",   "busily",   "stealthily", "permanently", "enticingly",
    "idly",      "regularly", "finally",   "evenly",   "boldly",     "silently",    "ironically",
};
static const char *const prepositions[] = {
    "about",   "above",  "according to", "across", "after",  "against", "along",  "alongside of", "among",   "around",
    "at",      "atop",   "before",       "behind", "beyond", "beneath", "beside", "besides",      "despite", "between",
    "by",      "during", "except",       "for",    "from",   "inside",  "of",     "in place of",  "on",      "instead of",
    "outside", "over",   "past",         "since",  "to",     "through", "toward", "throughout",   "under",   "until",
    "up",      "upon",   "without",      "with",   "within", "into",    "near",
};
static const char *const auxiliaries[] = {
    "do",   "may",     "might",    "shall",  "will",         "would",         "can",           "could",          "should",
    "must", "need to", "ought to", "try to", "will have to", "shall have to", "could have to", "should have to", "must have to",
};
static const char *const ends[] = {". ", ". ", ". ", "; ", ": ", "? ", "! ", "-- "};

static const struct {
    char letter;
    uint16_t count, favourites;
    const char *const *words;
} classes[] = {
    {'n', COUNT_OF(nouns), 8, nouns},
    {'v', COUNT_OF(verbs), 6, verbs},
    {'j', COUNT_OF(adjectives), 10, adjectives},
    {'d', COUNT_OF(adverbs), 8, adverbs},
    {'p', COUNT_OF(prepositions), 0, prepositions},
    {'x', COUNT_OF(auxiliaries), 0, auxiliaries},
};

/* Of a phrase: N of a noun, V of a verb, P of a preposition. */
static const char *const noun_forms[] = {"n ", "j n ", "j, j n ", "d j n "};
static const char *const verb_forms[] = {"v ", "x v ", "v d ", "x v d "};
static const char *const sentence_forms[] = {"NV", "NVP", "NVN", "NPVN", "NPVP"};

typedef struct Writer {
    char text[2 * COMMENT_BYTES_MAX + COMMENT_START_MAX];
    size_t bytes, wanted;
} Writer;

static void put(Writer *writer, const char *text) {
    size_t bytes = strlen(text), left = sizeof writer->text - writer->bytes;
    bytes = bytes < left ? bytes : left;
    memcpy(writer->text + writer->bytes, text, bytes);
    writer->bytes += bytes;
}

static void put_word(Writer *writer, Random *random, size_t class) {
    uint16_t favourites = classes[class].favourites;
    bool is_favourite = favourites > 0 && random_between(random, 0, 1) == 1;
    put(writer, pick(random, classes[class].words, is_favourite ? favourites : classes[class].count));
}

/* Words for the letters of a form, until enough is written. */
static void put_words(Writer *writer, Random *random, const char *form) {
    for (; *form != 0 && writer->bytes < writer->wanted; form++) {
        size_t class = 0;
        while (class < COUNT_OF(classes) && classes[class].letter != *form) {
            class ++;
        }
        if (class < COUNT_OF(classes)) {
            put_word(writer, random, class);
        } else {
            put(writer, (char[]){*form, 0});
        }
    }
}

static void put_sentence(Writer *writer, Random *random) {
    const char *form = pick(random, sentence_forms, COUNT_OF(sentence_forms));
    for (; *form != 0; form++) {
        if (*form == 'V') {
            put_words(writer, random, pick(random, verb_forms, COUNT_OF(verb_forms)));
            continue;
        }
        put_words(writer, random, *form == 'P' ? "p" : "");
        put(writer, *form == 'P' ? " the " : "");
        put_words(writer, random, pick(random, noun_forms, COUNT_OF(noun_forms)));
    }
    writer->bytes--; /* no space before the mark */
    put(writer, pick(random, ends, COUNT_OF(ends)));
}

depot_text random_comment(GenChunk *out, Random *random, int32_t bytes_min, int32_t bytes_max) {
    int32_t bytes = random_between(random, bytes_min, bytes_max);
    int32_t start = random_between(random, 0, COMMENT_START_MAX);
    Writer writer = {.wanted = (size_t)(start + bytes)};
    while (writer.bytes <= writer.wanted) {
        put_sentence(&writer, random);
    }
    char *text = gen_reserve(out, (size_t)bytes);
    memcpy(text, writer.text + start, (size_t)bytes);
    return gen_static(text, (size_t)bytes);
}
