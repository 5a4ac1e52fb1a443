/* A solver for offload-bench in C, without libraries.
 *
 *     cc -O2 -o serve_solver serve_solver.c
 *     offload-bench solve INSTANCE --threshold 0.7 --solver 'serve:./serve_solver'
 *
 * Users whose uncertainty is above the threshold go to the server with the fewest users, all others
 * stay local: replace `solve`. The program scans each request for the names that it needs instead of
 * parsing it, which is enough for requests of offload-bench; use a JSON library for more.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The number after the next `"key":` from `*at` on; moves `*at` behind the key. 0 if there is none. */
static int next_number(const char **at, const char *key, double *value) {
    const char *found = strstr(*at, key);
    if (!found) return 0;
    *at = found + strlen(key);
    *value = strtod(*at + strspn(*at, ": "), NULL);
    return 1;
}

/* Fills plan[i] with a server, or -1 for local. */
static void solve(const double *uncertainty, int users, int servers, double threshold, int *plan) {
    int next = 0;
    for (int i = 0; i < users; i++) {
        plan[i] = uncertainty[i] > threshold ? next++ % servers : -1;
    }
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

static void answer(const char *request) {
    double id = 0, threshold = 0, value;
    const char *at = request;
    next_number(&at, "\"id\"", &id);
    next_number(&at, "\"threshold\"", &threshold);

    int users = 0, servers = 0;
    for (const char *u = at; next_number(&u, "\"uncertainty\":", &value);) users++;
    for (const char *s = at; next_number(&s, "\"bandwidth_hz\":", &value);) servers++;
    double *uncertainty = malloc((users + 1) * sizeof *uncertainty);
    int *plan = malloc((users + 1) * sizeof *plan);
    if (!uncertainty || !plan || servers == 0) {
        printf("{\"id\": %.0f, \"error\": \"no memory, or no servers\"}\n", id);
    } else {
        const char *u = at;
        for (int i = 0; i < users; i++) next_number(&u, "\"uncertainty\":", &uncertainty[i]);
        double start = seconds();
        solve(uncertainty, users, servers, threshold, plan);
        double took = seconds() - start;
        printf("{\"id\": %.0f, \"algorithm_time_s\": %.9f, \"assignment\": [", id, took);
        for (int i = 0; i < users; i++) {
            if (i) printf(", ");
            if (plan[i] < 0) printf("null");
            else printf("%d", plan[i]);
        }
        printf("]}\n");
    }
    fflush(stdout);
    free(uncertainty);
    free(plan);
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    printf("{\"protocol\": \"offload-solver/2\", \"name\": \"c-example\", \"version\": \"1.0\"}\n");
    fflush(stdout);
    while (getline(&line, &room, stdin) > 0) answer(line);
    free(line);
    return 0;
}
