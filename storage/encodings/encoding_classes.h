/* The tables of all encodings, for their files and for encoding.c. */
#ifndef DEPOT_STORAGE_ENCODING_CLASSES_H
#define DEPOT_STORAGE_ENCODING_CLASSES_H

#include "storage/encodings/encoding.h"
#include "storage/segment_read.h"

#define ENCODING(tag, id, name, class_) extern const EncodingClass class_;
#include "storage/encodings/encodings.def"
#undef ENCODING

/* RAW text: views of the values into `values`, which must live as long. False if the lengths do not fit the bytes. */
bool raw_text_views(const BlockEntry *entry, const uint8_t *values, uint64_t bytes, Text *texts);

#endif
