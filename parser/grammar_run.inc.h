/* Driving the parser that lemon makes: included at the end of the generated file, because it looks at the parser's own stack
 * and tables. */

static void take_states(const yyParser *parser, ParserStates *states) {
    states->count = (uint32_t)(parser->yytos - parser->yystack) + 1;
    for (uint32_t i = 0; i < states->count; i++) {
        states->states[i] = parser->yystack[i].stateno;
    }
}

/* What the grammar would do with `code`, on the states alone. */
static bool simulate(ParserStates *states, int code) {
    for (;;) {
        YYACTIONTYPE action = yy_find_shift_action((YYCODETYPE)code, states->states[states->count - 1]);
        if (action <= YY_MAX_SHIFTREDUCE) {
            if (states->count > PARSER_STACK_MAX) {
                return false;
            }
            bool is_reduced = action > YY_MAX_SHIFT;
            states->states[states->count++] = (uint16_t)(is_reduced ? action + YY_MIN_REDUCE - YY_MIN_SHIFTREDUCE : action);
            return true;
        }
        if (action < YY_MIN_REDUCE) {
            return action == YY_ACCEPT_ACTION;
        }
        uint32_t rule = action - YY_MIN_REDUCE;
        states->count -= (uint32_t)-yyRuleInfoNRhs[rule];
        action = yy_find_reduce_action(states->states[states->count - 1], yyRuleInfoLhs[rule]);
        if (states->count > PARSER_STACK_MAX) {
            return false;
        }
        states->states[states->count++] = action;
    }
}

bool grammar_accepts(const ParserStates *states, int code, int then) {
    ParserStates copy;
    copy.count = states->count;
    memcpy(copy.states, states->states, states->count * sizeof copy.states[0]);
    return simulate(&copy, code) && (then == 0 || simulate(&copy, then));
}

Status grammar_run(Parser *p, int first) {
    yyParser parser;
    ParserStates states[2];
    p->states = &states[0];
    p->states_before = &states[1];
    GrammarInit(&parser);
    if (first != 0) {
        Grammar(&parser, first, (Token){.code = first}, p);
    }
    do {
        ParserStates *older = p->states_before;
        p->states_before = p->states;
        p->states = older;
        take_states(&parser, p->states);
        p->status = p->status == OK ? parser_advance(p) : p->status;
        if (p->status == OK) {
            Token token = p->token;
            token.start = token.pos;
            token.pos = p->stored_at == NULL ? token.pos : *p->stored_at;
            Grammar(&parser, token.code, token, p);
        }
    } while (p->status == OK && p->token.code != 0);
    GrammarFinalize(&parser);
    return p->status;
}
