/* Names, classes and common types. */
#include "expr_fixture.h"

TestSuite(types, .init = fixture_open, .fini = fixture_close);

static const char *named(const char *name, int count, int64_t a, int64_t b) {
    static char buffer[1200];
    int64_t modifiers[] = {a, b};
    Type type;
    if (type_from_name(cx, 7, name, modifiers, (uint32_t)count, &type) != OK) {
        cr_expect_eq(test_error.pos, 7);
        snprintf(buffer, sizeof buffer, "ERROR: %s", status_sqlstate(test_error.status));
        error_clear(&test_error);
        return buffer;
    }
    return type_name(type, buffer);
}

Test(types, have_many_names) {
    cr_expect_str_eq(named("int2", 0, 0, 0), "smallint");
    cr_expect_str_eq(named("INT", 0, 0, 0), "integer");
    cr_expect_str_eq(named("int8", 0, 0, 0), "bigint");
    cr_expect_str_eq(named("float4", 0, 0, 0), "real");
    cr_expect_str_eq(named("float", 0, 0, 0), "double precision");
    cr_expect_str_eq(named("float", 1, 24, 0), "real");
    cr_expect_str_eq(named("numeric", 2, 12, 2), "decimal(12,2)");
    cr_expect_str_eq(named("decimal", 1, 18, 0), "decimal(18,0)");
    cr_expect_str_eq(named("char", 0, 0, 0), "char(1)");
    cr_expect_str_eq(named("bpchar", 0, 0, 0), "varchar");
    cr_expect_str_eq(named("nvarchar", 1, 20, 0), "varchar(20)");
    cr_expect_str_eq(named("string", 0, 0, 0), "varchar");
    cr_expect_str_eq(named("datetime", 0, 0, 0), "timestamp");
}

Test(types, that_are_wrong_are_refused) {
    cr_expect_str_eq(named("decimal", 2, 39, 0), "ERROR: 22023");
    cr_expect_str_eq(named("decimal", 2, 5, 6), "ERROR: 22023");
    cr_expect_str_eq(named("varchar", 1, 70000, 0), "ERROR: 22023");
    cr_expect_str_eq(named("integer", 1, 5, 0), "ERROR: 42601");
    cr_expect_str_eq(named("timetz", 0, 0, 0), "ERROR: 0A000");
    cr_expect_str_eq(named("nonsense", 0, 0, 0), "ERROR: 42704");
}

static const char *common(const char *a, const char *b) {
    static char buffer[32];
    Type type;
    return type_common(type_of(a), type_of(b), &type) ? type_name(type, buffer) : "none";
}

Test(types, meet) {
    cr_expect_str_eq(common("smallint", "bigint"), "bigint");
    cr_expect_str_eq(common("integer", "decimal(5,2)"), "decimal(12,2)");
    cr_expect_str_eq(common("decimal(38,0)", "decimal(10,5)"), "decimal(38,5)");
    cr_expect_str_eq(common("decimal(5,2)", "real"), "double precision");
    cr_expect_str_eq(common("integer", "real"), "double precision");
    cr_expect_str_eq(common("varchar(5)", "varchar(9)"), "varchar(9)");
    cr_expect_str_eq(common("varchar(5)", "char(9)"), "varchar");
    cr_expect_str_eq(common("date", "timestamp"), "timestamp");
    cr_expect_str_eq(common("date", "integer"), "none");
    cr_expect_str_eq(common("boolean", "integer"), "none");
    cr_expect_str_eq(common("varchar(5)", "integer"), "none");
}

Test(types, have_a_class_by_precision) {
    cr_expect_eq(type_class(type_decimal(18, 2)), CLASS_I64);
    cr_expect_eq(type_class(type_decimal(19, 2)), CLASS_I128);
    cr_expect_eq(type_bytes(type_varchar(0)), 16);
}
