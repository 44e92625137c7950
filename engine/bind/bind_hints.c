/* The comment behind SELECT: BROADCAST(d) LEADING(f d c) …, read and tied to the relations of that FROM (plan/hints.h). */
#include "bind/select.h"
#include "core/suggest.h"
#include "plan/hints.h"

#include <ctype.h>

#define COMMENT_START 3 /* what opens the comment */
#define WORD_MAX 128

typedef struct HintReader {
    Binder *binder;
    const HintScope *relations;
    const char *text;
    SourcePos start; /* of the text in the statement */
    uint32_t at;
} HintReader;

/* One word, folded to lower case unless it is quoted. */
typedef struct HintWord {
    SourcePos pos;
    char text[WORD_MAX];
} HintWord;

static SourcePos place_of(const HintReader *reader, uint32_t at) {
    return reader->start == POS_NONE ? POS_NONE : reader->start + at;
}

static void skip_blanks(HintReader *reader) {
    while (isspace((unsigned char)reader->text[reader->at]) || reader->text[reader->at] == ',') {
        reader->at++;
    }
}

static bool is_word_byte(char byte) {
    return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || (unsigned char)byte >= 0x80;
}

/* The next word; *word is empty where something else stands. */
static Status read_word(const Context *cx, HintReader *reader, HintWord *word) {
    const char *text = reader->text;
    uint32_t bytes = 0;
    skip_blanks(reader);
    word->pos = place_of(reader, reader->at);
    bool is_quoted = text[reader->at] == '"';
    reader->at += is_quoted;
    while (text[reader->at] != '\0' && (is_quoted ? text[reader->at] != '"' : is_word_byte(text[reader->at]))) {
        char byte = text[reader->at++];
        if (bytes + 1 >= WORD_MAX) {
            return fail_at(cx, word->pos, SYNTAX_ERROR, "a name in a hint has at most %d bytes", WORD_MAX - 1);
        }
        word->text[bytes++] = is_quoted ? byte : (char)tolower((unsigned char)byte);
    }
    word->text[bytes] = '\0';
    if (is_quoted && text[reader->at] != '"') {
        return fail_at(cx, word->pos, SYNTAX_ERROR, "a quoted name in a hint has no end");
    }
    reader->at += is_quoted;
    return OK;
}

static Status expect(const Context *cx, HintReader *reader, char byte, const char *after) {
    skip_blanks(reader);
    if (reader->text[reader->at] == byte) {
        reader->at++;
        return OK;
    }
    fail_at(cx, place_of(reader, reader->at), SYNTAX_ERROR, "a hint wants \"%c\" after %s", byte, after);
    return fail_hint(cx, "for example /*+ BROADCAST(d) LEADING(f d) */");
}

static Status find_kind(const Context *cx, const HintWord *word, HintKind *kind) {
    Suggestion suggestion;
    char all[256] = "";
    suggestion_init(&suggestion, word->text);
    for (uint32_t i = 0; i < HINT_COUNT; i++) {
        char lower[WORD_MAX];
        for (uint32_t k = 0; k <= strlen(hint_names[i]); k++) {
            lower[k] = (char)tolower((unsigned char)hint_names[i][k]);
        }
        if (strcmp(lower, word->text) == 0) {
            *kind = (HintKind)i;
            return OK;
        }
        suggestion_consider(&suggestion, lower, hint_names[i]);
        strncat(all, i == 0 ? "" : ", ", sizeof all - strlen(all) - 1);
        strncat(all, hint_names[i], sizeof all - strlen(all) - 1);
    }
    fail_at(cx, word->pos, UNDEFINED_OBJECT, "there is no hint \"%s\"", word->text);
    const char *nearest = suggestion.detail;
    return nearest != NULL ? fail_hint(cx, "did you mean %s?", nearest) : fail_hint(cx, "the hints are %s", all);
}

static Status find_relation(const Context *cx, const HintReader *reader, const HintWord *word, uint32_t *relation) {
    Suggestion suggestion;
    suggestion_init(&suggestion, word->text);
    for (uint32_t r = 0; r < reader->relations->count; r++) {
        const char *name = reader->relations->relations[r].name;
        if (name == NULL) {
            continue;
        }
        if (strcmp(name, word->text) == 0) {
            *relation = r;
            return OK;
        }
        suggestion_consider(&suggestion, name, NULL);
    }
    fail_at(cx, word->pos, UNDEFINED_TABLE, "the FROM behind the hint has no relation \"%s\"", word->text);
    return suggestion.nearest != NULL
               ? fail_hint(cx, "did you mean \"%s\"?", suggestion.nearest)
               : fail_hint(cx, "a hint names relations as FROM calls them: by their alias, if they have one");
}

static Status add_hint(const Context *cx, const HintReader *reader, const Hint *hint) {
    Hint **place = &reader->binder->plan->hints;
    while (*place != NULL) {
        place = &(*place)->next;
    }
    TRY_NEW(cx, reader->binder->arena, *place);
    **place = *hint;
    return OK;
}

/* BROADCAST(a b) is BROADCAST(a) BROADCAST(b); LEADING(a b) is one hint. */
static Status add_hints(const Context *cx, const HintReader *reader, HintKind kind, SourcePos pos, const uint32_t *relations,
                        uint32_t count) {
    Hint hint = {.kind = kind, .pos = pos, .scope = reader->relations, .count = count, .relations = relations};
    if (kind == HINT_LEADING) {
        return count > 1 ? add_hint(cx, reader, &hint) : fail_at(cx, pos, SYNTAX_ERROR, "LEADING wants at least two relations");
    }
    hint.count = 1;
    for (uint32_t i = 0; i < count; i++) {
        hint.relations = &relations[i];
        TRY(add_hint(cx, reader, &hint));
    }
    return OK;
}

static Status read_relations(const Context *cx, HintReader *reader, const HintWord *name, HintKind kind) {
    uint32_t *relations, count = 0;
    HintWord word;
    TRY_NEW_ARRAY(cx, reader->binder->arena, relations, reader->relations->count + 1);
    TRY(expect(cx, reader, '(', hint_names[kind]));
    for (;;) {
        TRY(read_word(cx, reader, &word));
        if (word.text[0] == '\0') {
            break;
        }
        TRY(find_relation(cx, reader, &word, &relations[count]));
        for (uint32_t i = 0; i < count; i++) {
            if (relations[i] == relations[count]) {
                return fail_at(cx, word.pos, SYNTAX_ERROR, "relation \"%s\" stands twice in the hint", word.text);
            }
        }
        count++;
    }
    TRY(expect(cx, reader, ')', "the relations"));
    if (count == 0) {
        return fail_at(cx, name->pos, SYNTAX_ERROR, "%s names no relation", hint_names[kind]);
    }
    return add_hints(cx, reader, kind, name->pos, relations, count);
}

static Status relations_of_scope(const Context *cx, const Binder *binder, const Scope *scope, HintScope **out) {
    HintRelation *relations;
    TRY_NEW(cx, binder->arena, *out);
    TRY_NEW_ARRAY(cx, binder->arena, relations, scope->relation_count + 1);
    for (uint32_t r = 0; r < scope->relation_count; r++) {
        const Relation *from = &scope->relations[r];
        ColumnId *columns;
        TRY_NEW_ARRAY(cx, binder->arena, columns, from->column_count + 1);
        for (uint32_t i = 0; i < from->column_count; i++) {
            columns[i] = from->columns[i].id;
        }
        relations[r] = (HintRelation){from->name, from->column_count, columns};
    }
    **out = (HintScope){scope->relation_count, relations};
    return OK;
}

Status bind_hints(const Context *cx, Binder *binder, const Select *select) {
    const AstSelect *ast = select->ast;
    HintScope *relations;
    if (ast->hints == NULL) {
        return OK;
    }
    if (select->scope.relation_count > BLOCK_RELATIONS_MAX) {
        return fail_at(cx, ast->hints_pos, STATEMENT_TOO_COMPLEX, "hints stand behind a SELECT from at most %d relations",
                       BLOCK_RELATIONS_MAX);
    }
    TRY(relations_of_scope(cx, binder, &select->scope, &relations));
    HintReader reader = {.binder = binder, .relations = relations, .text = ast->hints};
    reader.start = ast->hints_pos == POS_NONE ? POS_NONE : ast->hints_pos + COMMENT_START;
    for (;;) {
        HintWord word;
        HintKind kind = HINT_COUNT;
        TRY(read_word(cx, &reader, &word));
        if (word.text[0] == '\0' && reader.text[reader.at] == '\0') {
            return OK;
        }
        if (word.text[0] == '\0') {
            return fail_at(cx, word.pos, SYNTAX_ERROR, "a hint begins with its name, not with \"%c\"", reader.text[reader.at]);
        }
        TRY(find_kind(cx, &word, &kind));
        TRY(read_relations(cx, &reader, &word, kind));
    }
}
