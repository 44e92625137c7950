/* Skewed keys: key k of 1 … n is drawn with a probability that goes as 1 / k^s, so that key 1 is the hottest. */
#ifndef DEPOT_DATASETS_ZIPF_H
#define DEPOT_DATASETS_ZIPF_H

#include "datasets/dataset.h"

typedef struct Zipf {
    int32_t keys;
    double exponent;
    double area_first, area_all; /* of the curve up to the first key and to the last one */
    double accept;               /* this close below its key a draw is taken without looking closer */
} Zipf;

/* exponent > 0; 1 is the classical one, and the greater the more skewed. */
void zipf_init(Zipf *zipf, int32_t keys, double exponent);
int32_t zipf_draw(const Zipf *zipf, Random *random);

#endif
