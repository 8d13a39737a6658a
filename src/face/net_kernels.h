/* net_kernels: the inner loops of net.c, in bfloat16 on AVX512-BF16.
 *
 * A picture of features is stored pixel by pixel (NHWC), its channels filled up
 * to a multiple of 16 with zeros and a border of zeros around it. A convolution is then
 * a list of output pixels (where each reads, where it writes), a list of taps
 * (runs of values that lie one behind the other), and weights in reading order:
 *
 *	weights[block of 16 × vectors outputs][tap][pair of inputs][output][2]
 *
 * Lists are filled up to whole tiles by repeating their last pixel, which is
 * then computed twice and written twice, with the same value.
 */
#ifndef FACE_NET_KERNELS_H
#define FACE_NET_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_LANES 16u

/* May the functions below be called on this processor? */
bool net_kernels_run_here(void);

/* How many vectors of 16 outputs a tile has beside how many pixels. */
static inline size_t
net_tile_vectors(size_t vectors)
{
	return vectors % 4 == 0 ? 4 : vectors % 3 == 0 ? 3 : vectors % 2 == 0 ? 2 : 1;
}

static inline size_t
net_tile_pixels(size_t tile_vectors)
{
	return tile_vectors == 4 ? 6 : tile_vectors == 3 ? 8 : 12;
}

struct net_pixels {
	size_t n;		 /* a multiple of the tile */
	const int32_t *in, *out; /* offsets in values */
	const int32_t *residual; /* NULL: none */
};

struct net_taps {
	size_t n;
	const int32_t *at; /* from a pixel's offset */
};

struct net_conv {
	struct net_pixels pixels;
	struct net_taps taps;
	size_t pairs;	/* of inputs in each tap */
	size_t vectors; /* outputs / 16 */
	const uint16_t *in, *residual;
	uint16_t *out;
	float *out_floats; /* instead of out, or NULL */
	const uint16_t *weights;
	const float *bias, *slope; /* y = max(x, 0) + slope × min(x, 0), x with the residual */
};
void net_conv_run(const struct net_conv *c);

/* Each channel by itself. Blocks of 32 channels hold the even ones before the odd ones, in weights
 * [block][tap][2][16], bias and slope [block][2][16]. Pixels in fours. */
#define NET_DEPTHWISE_PIXELS 4u
struct net_depthwise {
	struct net_pixels pixels;
	struct net_taps taps;
	size_t channels;
	const uint16_t *in;
	uint16_t *out;
	const float *weights, *bias, *slope;
};
void net_depthwise_run(const struct net_depthwise *d);

/* One row of 1 to 4 planes of floats, n wide, to pixels of 4 channels. */
void net_interleave(const float *const planes[4], size_t n_planes, size_t n, uint16_t *out);

static inline uint16_t
net_bf16(float v)
{
	uint32_t u;
	__builtin_memcpy(&u, &v, sizeof u);
	return (uint16_t)((u + 0x7fffu + (u >> 16 & 1u)) >> 16); /* to the nearest, ties to even */
}

static inline float
net_float(uint16_t v)
{
	uint32_t u = (uint32_t)v << 16;
	float f;
	__builtin_memcpy(&f, &u, sizeof f);
	return f;
}

#endif
