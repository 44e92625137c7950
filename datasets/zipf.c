/* Rejection-inversion after W. Hörmann and G. Derflinger: Rejection-inversion to generate variates from monotone discrete
 * distributions, ACM TOMACS 6 (1996): invert the area under the curve x^-s, round to a key, and draw again in the few cases
 * where the key's bar does not reach there. Needs no table, however many keys there are. */
#include "datasets/zipf.h"

#include <math.h>

/* (e^x - 1) / x and log(1 + x) / x, also near 0. */
static double growth(double x) {
    return fabs(x) > 1e-8 ? expm1(x) / x : 1 + x / 2;
}
static double decay(double x) {
    return fabs(x) > 1e-8 ? log1p(x) / x : 1 - x / 2;
}

static double height(const Zipf *zipf, double x) {
    return exp(-zipf->exponent * log(x));
}

/* The area below x^-s from 1 to x, and its inverse. */
static double area(const Zipf *zipf, double x) {
    return growth((1 - zipf->exponent) * log(x)) * log(x);
}
static double area_inverse(const Zipf *zipf, double covered) {
    double t = covered * (1 - zipf->exponent);
    return exp(decay(t < -1 ? -1 : t) * covered);
}

void zipf_init(Zipf *zipf, int32_t keys, double exponent) {
    *zipf = (Zipf){.keys = keys, .exponent = exponent};
    zipf->area_first = area(zipf, 1.5) - 1;
    zipf->area_all = area(zipf, keys + 0.5);
    zipf->accept = 2 - area_inverse(zipf, area(zipf, 2.5) - height(zipf, 2));
}

int32_t zipf_draw(const Zipf *zipf, Random *random) {
    for (;;) {
        double part = (double)(random_next(random) >> 11) * 0x1p-53;
        double covered = zipf->area_all + part * (zipf->area_first - zipf->area_all);
        double x = area_inverse(zipf, covered), rounded = floor(x + 0.5);
        double key = rounded < 1 ? 1 : rounded > zipf->keys ? zipf->keys : rounded;
        if (key - x <= zipf->accept || covered >= area(zipf, key + 0.5) - height(zipf, key)) {
            return (int32_t)key;
        }
    }
}
