/* EXPLAIN's text: SSB at scale 1 on one node and on four. */
#include "plan_fixture.h"

static PlanFixture f;

static void teardown(void) {
    fixture_close(&f);
}
TestSuite(explain, .fini = teardown);

static void open_with_events(uint32_t nodes) {
    fixture_open(&f, nodes,
                 "create table event(id int, at date, kind bigint) distkey(id);"
                 "create table visit(id bigint, kind int) distkey(id);"
                 "create table note(id int, kind int) diststyle even");
    fixture_rows(&f, "event", 1000000, 500000);
    fixture_rows(&f, "visit", 100000, 100000);
    fixture_rows(&f, "note", 1000, 1000);
}

Test(explain, has_the_shape_of_redshift) {
    fixture_open(&f, 1, NULL);
    char *sql = fixture_read("datasets/ssb/queries/q1_1.sql");
    fixture_expect(&f, sql,
                   "XN Network\n"
                   "  Send to leader\n"
                   "  ->  XN Aggregate\n"
                   "        ->  XN Hash Join DS_DIST_ALL_NONE\n"
                   "              Hash Cond: (\"outer\".lo_orderdate = \"inner\".d_datekey)\n"
                   "              ->  XN Seq Scan on lineorder\n"
                   "                    Filter: ((lineorder.lo_discount <= 3) AND (lineorder.lo_quantity < 25) AND "
                   "(lineorder.lo_discount >= 1))\n"
                   "                    Partitions: 0 of 0 (lo_orderdate)\n"
                   "                    Zone maps:  lo_discount between 1 and 3, lo_quantity < 25\n"
                   "                    Join filters: lo_orderdate in d_datekey\n"
                   "              ->  XN Hash\n"
                   "                    ->  XN Seq Scan on dates\n"
                   "                          Filter: (dates.d_year = 1993)\n"
                   "                          Zone maps:  d_year = 1993\n");
    free(sql);
}

Test(explain, costs_follow_the_closed_formula) {
    open_with_events(1);
    fixture_plan(&f, "select * from note where kind > 0");
    cr_assert_str_eq(f.lines[2], "  ->  XN Seq Scan on note  (cost=0.00..12.50 rows=330 width=8)", "%s", f.lines[2]);
}

Test(explain, merges_sorted_nodes_on_the_leader) {
    open_with_events(4);
    fixture_expect(&f, "select id, count(*) from event group by id order by 2 desc limit 10",
                   "XN Limit\n"
                   "  ->  XN Merge\n"
                   "        Merge Key: count(*) DESC\n"
                   "        ->  XN Network\n"
                   "              Send to leader\n"
                   "              ->  XN Sort\n"
                   "                    Sort Key: count(*) DESC\n"
                   "                    Top-N: keeps 10 rows\n"
                   "                    ->  XN HashAggregate\n"
                   "                          Group Key: event.id\n"
                   "                          ->  XN Seq Scan on event\n");
}

Test(explain, integers_of_two_widths_are_colocated) {
    open_with_events(4);
    fixture_expect(&f, "select * from event join visit on event.id = visit.id",
                   "XN Network\n"
                   "  Send to leader\n"
                   "  ->  XN Hash Join DS_DIST_NONE\n"
                   "        Hash Cond: (\"outer\".id = \"inner\".id)\n"
                   "        ->  XN Seq Scan on event\n"
                   "              Join filters: id in id\n"
                   "        ->  XN Hash\n"
                   "              ->  XN Seq Scan on visit\n");
}

Test(explain, sends_the_smaller_side_to_its_partners) {
    open_with_events(4);
    fixture_expect(&f, "select event.at from note join event on event.id = note.kind",
                   "XN Network\n"
                   "  Send to leader\n"
                   "  ->  XN Hash Join DS_DIST_INNER\n"
                   "        Hash Cond: (\"outer\".id = \"inner\".kind)\n"
                   "        ->  XN Seq Scan on event\n"
                   "              Join filters: id in kind\n"
                   "        ->  XN Hash\n"
                   "              ->  XN Network\n"
                   "                    Distribute by note.kind\n"
                   "                    ->  XN Seq Scan on note\n");
    snprintf(f.settings.join_move, sizeof f.settings.join_move, "broadcast");
    fixture_plan(&f, "select event.at from note join event on event.id = note.kind");
    cr_assert(fixture_has(&f, "Hash Join DS_BCAST_INNER"), "%s", fixture_shape(&f));
}

Test(explain, redistributes_where_unmatched_rows_stay) {
    open_with_events(4);
    fixture_plan(&f, "select * from note full join event on event.kind = note.kind");
    cr_assert(fixture_has(&f, "Hash Full Join DS_DIST_BOTH"), "%s", fixture_shape(&f));
    fixture_plan(&f, "select * from note left join event on event.id = note.kind");
    cr_assert(fixture_has(&f, "Hash Right Join DS_DIST_INNER"), "%s", fixture_shape(&f));
    fixture_plan(&f, "select * from note where kind not in (select kind from event)");
    cr_assert(fixture_has(&f, "Hash NOT IN Join DS_BCAST_INNER"), "%s", fixture_shape(&f));
}

Test(explain, labels_are_as_if_on_one_node) {
    open_with_events(1);
    fixture_plan(&f, "select event.at from note join event on event.kind = note.kind");
    cr_assert(fixture_has(&f, "DS_BCAST_INNER"), "%s", fixture_shape(&f));
    cr_assert(fixture_has(&f, "moved 0 bytes: one node"), "%s", fixture_shape(&f));
    cr_assert(!fixture_has(&f, "Broadcast\n"), "%s", fixture_shape(&f));
}

Test(explain, groups_in_two_phases) {
    open_with_events(4);
    fixture_expect(&f, "select count(*) from event",
                   "XN Aggregate\n"
                   "  Phase: final\n"
                   "  ->  XN Network\n"
                   "        Send to leader\n"
                   "        ->  XN Aggregate\n"
                   "              Phase: partial, per node\n"
                   "              ->  XN Seq Scan on event\n");
    fixture_plan(&f, "select kind, avg(id) from event group by kind");
    cr_assert(fixture_has(&f, "Distribute by event.kind"), "%s", fixture_shape(&f));
    fixture_plan(&f, "select count(distinct kind) from event"); /* grouped by kind first, in two phases of its own */
    cr_assert(fixture_has(&f, "Group Key: event.kind"), "%s", fixture_shape(&f));
    fixture_plan(&f, "select count(distinct kind), count(distinct id) from event"); /* each in two phases of its own */
    cr_assert(fixture_has(&f, "Group Key: event.kind"), "%s", fixture_shape(&f));
    cr_assert(fixture_has(&f, "Group Key: event.id"), "%s", fixture_shape(&f));
    fixture_plan(&f, "select kind, count(distinct at), count(distinct id) from event group by kind");
    cr_assert(!fixture_has(&f, "Phase"), "%s", fixture_shape(&f));
}

Test(explain, replicated_tables_are_read_once) {
    fixture_open(&f, 4, NULL);
    fixture_expect(&f, "select d_year, count(*) from dates group by d_year",
                   "XN HashAggregate\n"
                   "  Group Key: dates.d_year\n"
                   "  ->  XN Seq Scan on dates\n");
    cr_assert(f.physical->root->on_leader);
    cr_assert(f.physical->root->children[0]->on_leader);
}

Test(explain, windows_meet_by_their_partition) {
    open_with_events(4);
    fixture_plan(&f, "select rank() over (partition by kind order by at) from event");
    cr_assert(fixture_has(&f, "Distribute by event.kind"), "%s", fixture_shape(&f));
    fixture_plan(&f, "select rank() over (partition by id order by at) from event");
    cr_assert(!fixture_has(&f, "Distribute"), "%s", fixture_shape(&f));
    fixture_plan(&f, "select sum(kind) over () from event");
    cr_assert(fixture_has(&f, "Send to leader"), "%s", fixture_shape(&f));
}
