/* Sums over what was counted. */
#include "plan/profile.h"

OperatorProfile operator_profile_sum(const PlanProfile *profile, uint32_t id) {
    OperatorProfile sum = {0};
    for (uint32_t n = 0; n < profile->node_count; n++) {
        const OperatorProfile *p = operator_profile(profile, id, n);
        sum.rows += p->rows;
        sum.batches += p->batches;
        effort_add(&sum.spent, p->spent);
        sum.memory_bytes += p->memory_bytes;
        sum.groups += p->groups;
        sum.spilled_bytes += p->spilled_bytes;
        sum.parts_split += p->parts_split;
        sum.scan.partitions_read =
            p->scan.partitions_read > sum.scan.partitions_read ? p->scan.partitions_read : sum.scan.partitions_read;
        sum.scan.blocks += p->scan.blocks;
        sum.scan.blocks_pruned += p->scan.blocks_pruned;
        sum.scan.blocks_skipped_zone += p->scan.blocks_skipped_zone;
        sum.scan.blocks_skipped_join += p->scan.blocks_skipped_join;
        sum.scan.blocks_skipped_top += p->scan.blocks_skipped_top;
        sum.scan.blocks_read += p->scan.blocks_read;
        sum.scan.rows_scanned += p->scan.rows_scanned;
        sum.scan.rows_deleted += p->scan.rows_deleted;
        sum.scan.rows_removed_filter += p->scan.rows_removed_filter;
        sum.scan.rows_removed_join_filter += p->scan.rows_removed_join_filter;
        sum.scan.rows_removed_top_filter += p->scan.rows_removed_top_filter;
        sum.scan.bytes_scanned += p->scan.bytes_scanned;
        sum.scan.bytes_read += p->scan.bytes_read;
        sum.exchange.rows_sent += p->exchange.rows_sent;
        sum.exchange.bytes_sent += p->exchange.bytes_sent;
        sum.exchange.transport_messages += p->exchange.transport_messages;
        sum.exchange.transport_bytes += p->exchange.transport_bytes;
    }
    return sum;
}
