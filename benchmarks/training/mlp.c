/* The plain C that a careful programmer would write for one network: 2-16-16-1, tanh, sigmoid and binary
 * cross-entropy, Adam, float32. Sizes are known when it is compiled, so that the compiler can do its best.
 *
 *     gcc -O3 -march=native -ffast-math -shared -fPIC mlp.c -o mlp.so -lm
 */
#include <math.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

enum { INPUTS = 2, HIDDEN = 16, MOST = 1024 };
enum { W1 = 0, B1 = W1 + INPUTS * HIDDEN, W2 = B1 + HIDDEN, B2 = W2 + HIDDEN * HIDDEN, W3 = B2 + HIDDEN,
       B3 = W3 + HIDDEN, PARAMETERS = B3 + 1 };

static float input[MOST][INPUTS], first[MOST][HIDDEN], second[MOST][HIDDEN], logit[MOST], target[MOST];
static float dfirst[MOST][HIDDEN], dsecond[MOST][HIDDEN], dlogit[MOST];

static void forward(const float *w, int batch) {
    for (int n = 0; n < batch; n++) {
        float z[HIDDEN];
        for (int o = 0; o < HIDDEN; o++) z[o] = w[B1 + o];
        for (int i = 0; i < INPUTS; i++)
            for (int o = 0; o < HIDDEN; o++) z[o] += input[n][i] * w[W1 + i * HIDDEN + o];
        for (int o = 0; o < HIDDEN; o++) first[n][o] = tanhf(z[o]);
        for (int o = 0; o < HIDDEN; o++) z[o] = w[B2 + o];
        for (int i = 0; i < HIDDEN; i++)
            for (int o = 0; o < HIDDEN; o++) z[o] += first[n][i] * w[W2 + i * HIDDEN + o];
        for (int o = 0; o < HIDDEN; o++) second[n][o] = tanhf(z[o]);
        float sum = w[B3];
        for (int i = 0; i < HIDDEN; i++) sum += second[n][i] * w[W3 + i];
        logit[n] = sum;
    }
}

static double loss_of(int batch) {
    double total = 0;
    for (int n = 0; n < batch; n++) {
        float z = logit[n], e = expf(-fabsf(z));
        total += fmaxf(z, 0) - z * target[n] + log1pf(e);
        dlogit[n] = ((z >= 0 ? 1 : e) / (1 + e) - target[n]) / batch;
    }
    return total;
}

static void backward(const float *w, float *g, int batch) {
    memset(g, 0, PARAMETERS * sizeof(float));
    for (int n = 0; n < batch; n++) {
        g[B3] += dlogit[n];
        for (int i = 0; i < HIDDEN; i++) {
            g[W3 + i] += dlogit[n] * second[n][i];
            dsecond[n][i] = dlogit[n] * w[W3 + i] * (1 - second[n][i] * second[n][i]);
        }
    }
    for (int n = 0; n < batch; n++) {
        for (int o = 0; o < HIDDEN; o++) g[B2 + o] += dsecond[n][o];
        for (int i = 0; i < HIDDEN; i++) {
            float sum = 0;
            for (int o = 0; o < HIDDEN; o++) {
                g[W2 + i * HIDDEN + o] += first[n][i] * dsecond[n][o];
                sum += dsecond[n][o] * w[W2 + i * HIDDEN + o];
            }
            dfirst[n][i] = sum * (1 - first[n][i] * first[n][i]);
        }
    }
    for (int n = 0; n < batch; n++) {
        for (int o = 0; o < HIDDEN; o++) g[B1 + o] += dfirst[n][o];
        for (int i = 0; i < INPUTS; i++)
            for (int o = 0; o < HIDDEN; o++) g[W1 + i * HIDDEN + o] += input[n][i] * dfirst[n][o];
    }
}

static void adam(float *restrict w, const float *restrict g, float *restrict m, float *restrict v, int64_t step) {
    const double rate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
    const double correction = sqrt(1 - pow(beta2, step));
    const float a = rate * correction / (1 - pow(beta1, step)), b1 = beta1, b2 = beta2, e = epsilon * correction;
    for (int i = 0; i < PARAMETERS; i++) {
        m[i] = b1 * m[i] + (1 - b1) * g[i];
        v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
        w[i] -= a * m[i] / (sqrtf(v[i]) + e);
    }
}

static void take(const float *x, const float *y, const int64_t *order, int start, int batch) {
    for (int n = 0; n < batch; n++) {
        int64_t example = order ? order[start + n] : start + n;
        for (int i = 0; i < INPUTS; i++) input[n][i] = x[example * INPUTS + i];
        target[n] = y[example];
    }
}

double mean_loss(const float *w, const float *x, const float *y, int examples) {
    double total = 0;
    for (int start = 0; start < examples; start += MOST) {
        int batch = examples - start < MOST ? examples - start : MOST;
        take(x, y, NULL, start, batch);
        forward(w, batch);
        total += loss_of(batch);
    }
    return total / examples;
}

/* One epoch, with a shuffle of its own; gives the mean loss over its batches. */
double epoch(float *w, float *m, float *v, int64_t *step, const float *x, const float *y, int64_t *order, int examples,
             int batch_size, uint64_t *random) {
    float g[PARAMETERS];
    double total = 0;
#ifdef __SSE__
    /* What -ffast-math does to a whole process when it links: subnormal numbers count as zero. Here only meanwhile. */
    unsigned int mode = _mm_getcsr();
    _mm_setcsr(mode | 0x8040);
#endif
    for (int i = examples - 1; i > 0; i--) {
        *random = *random * 6364136223846793005ull + 1442695040888963407ull;
        int64_t j = (*random >> 33) % (i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
    for (int start = 0; start < examples; start += batch_size) {
        int batch = examples - start < batch_size ? examples - start : batch_size;
        take(x, y, order, start, batch);
        forward(w, batch);
        total += loss_of(batch);
        backward(w, g, batch);
        adam(w, g, m, v, ++*step);
    }
#ifdef __SSE__
    _mm_setcsr(mode);
#endif
    return total / examples;
}
