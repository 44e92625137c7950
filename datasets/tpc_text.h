/* Sentences for comments, after the grammar of the TPC-H specification. */
#ifndef DEPOT_DATASETS_TPC_TEXT_H
#define DEPOT_DATASETS_TPC_TEXT_H

#include "datasets/dataset.h"

/* A piece of random sentences, of bytes_min to bytes_max (at most 250) bytes, that may begin and end within a word. */
depot_text random_comment(GenChunk *out, Random *random, int32_t bytes_min, int32_t bytes_max);

#endif
