/* The tables of all encodings, for their files and for encoding.c. */
#ifndef DEPOT_STORAGE_ENCODING_CLASSES_H
#define DEPOT_STORAGE_ENCODING_CLASSES_H

#include "storage/encodings/encoding.h"
#include "storage/segment_read.h"

#define ENCODING(tag, id, name, class_) extern const EncodingClass class_;
#include "storage/encodings/encodings.def"
#undef ENCODING

#endif
