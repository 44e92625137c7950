/* What is known of days and moments that are computed: their fields, what they are cut to; and domains as such. */
#ifndef DEPOT_PLAN_MOMENT_DOMAIN_H
#define DEPOT_PLAN_MOMENT_DOMAIN_H

#include "plan/lower.h"

/* EXTRACT(YEAR FROM x), month(x) …: the values that they can have over the subplan's rows. False if they are not known. */
bool moment_field_range(const Subplan *input, const Expr *expr, int64_t *min, int64_t *max);
/* Days between two of them. */
bool moment_distance_range(const Subplan *input, const Expr *expr, int64_t *min, int64_t *max);
/* date_trunc, a moment's day, a column itself: everything that is known but can_be_null. */
void moment_domain(const Subplan *input, const Expr *expr, ColumnDomain *domain);

/* What a column may hold that has values of both. */
void column_domain_unite(ColumnDomain *domain, const ColumnDomain *other);
/* The most different values that a column has, NULL not counted; 0: not known. */
uint64_t column_domain_size(const PhysicalColumn *column);

#endif
