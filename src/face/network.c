#include "face/network.h"

bool
network_open_fast(const void *bytes, size_t n, struct network *out)
{
	struct scope own;
	struct onnx_graph g;
	struct net *net;
	if (!net_runs_here())
		return false;
	scope_init(&own);
	enum code rc = onnx_read(&own, bytes, n, &g);
	if (rc == OK)
		rc = net_open(&own, &g, &net);
	scope_release(&own);
	if (rc == OK)
		*out = (struct network){.net = net};
	return rc == OK;
}

enum code
network_open(struct scope *sc, struct ort *ort, const char *name, const void *bytes, size_t n, struct network *out)
{
	struct ort_model *m;
	TRY(ort_model_open(sc, ort, name, bytes, n, &m));
	*out = (struct network){.ort = m};
	return OK;
}

void
network_close(struct network *m)
{
	net_close(m->net);
	ort_model_close(m->ort);
}

float *
network_input(struct network *m, size_t *n)
{
	return m->net != NULL ? net_input(m->net, n) : ort_input(m->ort, n);
}

const float *
network_output(struct network *m, size_t i, size_t *n)
{
	return m->net != NULL ? net_output(m->net, i, n) : ort_output(m->ort, i, n);
}

size_t
network_outputs(const struct network *m)
{
	return m->net != NULL ? net_outputs(m->net) : ort_outputs(m->ort);
}

enum code
network_run(struct scope *sc, struct network *m)
{
	if (m->net == NULL)
		return ort_run(sc, m->ort);
	net_run(m->net);
	return OK;
}
