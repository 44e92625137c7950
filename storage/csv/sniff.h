/* Inside csv_sniff: a sample of the files as records of fields, and what their columns look like. All memory is in the arena.
 */
#ifndef DEPOT_STORAGE_SNIFF_H
#define DEPOT_STORAGE_SNIFF_H

#include "storage/csv/csv_sniff.h"

#define SAMPLE_RECORDS_MAX 100000
#define SAMPLE_FILES_MAX 8

typedef struct Field {
    const char *data;
    uint32_t bytes;
    bool is_null;
    bool is_string; /* of JSON: no number, whatever it looks like */
} Field;

/* Records of one dialect: fields one after the other. */
typedef struct Records {
    Field *fields;
    uint32_t field_total, field_capacity;
    uint32_t *counts; /* fields of each record */
    uint32_t count, capacity;
    uint64_t bytes; /* that the records take */
} Records;

typedef struct Sniffer {
    const Context *cx;
    Arena *arena;
    const CsvHints *hints;
    uint32_t text_count;
    const char *texts[SAMPLE_FILES_MAX]; /* heads of files, whole records */
    size_t text_bytes[SAMPLE_FILES_MAX];
    bool is_whole; /* they are all there is */
} Sniffer;

/* sniff_sample.c. Reads the heads of the first files, and adds up the bytes of all as they are stored. */
Status sniff_files(Sniffer *sniffer, const char *const *paths, uint32_t path_count, uint64_t *file_bytes) MUST_CHECK;
/* The sample's records, cut as the dialect says. `skip`: lines at the head of each file. */
Status sniff_records(const Sniffer *sniffer, const CsvDialect *dialect, uint64_t skip, Records *records) MUST_CHECK;
Status sniff_add_field(const Sniffer *sniffer, Records *records, const Field *field) MUST_CHECK;
Status sniff_end_record(const Sniffer *sniffer, Records *records, uint32_t fields) MUST_CHECK;

/* sniff_objects.c. The sample's JSON objects as records of as many fields as there are keys, which `header` lists in the order
 * in which they are first met. `paths`: for messages. */
Status sniff_objects(const Sniffer *sniffer, const char *const *paths, Records *records, Field **header,
                     uint32_t *key_count) MUST_CHECK;

/* sniff_types.c. Types of the columns from record `first` on, and the first value of each. Records are of the same length. */
Status sniff_types(const Sniffer *sniffer, const Records *records, uint32_t first, Type *types,
                   const char **examples) MUST_CHECK;
/* The field without white space around it. */
void sniff_trim(const Field *field, const char **data, size_t *bytes);
bool sniff_parses(const Sniffer *sniffer, TypeId type, const char *data, size_t bytes);

#endif
