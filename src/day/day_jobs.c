#include "day/day_jobs.h"

#include "chain/chain.h"
#include "freight/freight.h"
#include "hooks/hooks.h"
#include "offer/offer.h"
#include "people/appeal_picture.h"

/* A wave's plan, with the house's roads. */
static enum code
plan_work(struct scope *sc, struct store *st, void *ctx, const struct job *job, void **result)
{
	struct house *h = ctx;
	struct duty_wave_plan *plan;
	if (h->planner.roads == NULL)
		return fail_as(sc, E_UNAVAILABLE, "no-roads", "this house has no roads: `waybill init --roads FILE`");
	TRY(duty_plan_work(sc, st, &h->planner, job, &plan));
	*result = plan;
	return OK;
}

static enum code
plan_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	return duty_plan_commit(sc, tx, job, result);
}

/* The desk learns that a wave has no plan; the parcels wait at the station. */
static enum code
plan_give_up(struct scope *sc, struct tx *tx, void *ctx, const struct job *job)
{
	(void)ctx;
	struct id id;
	const struct queue_entry q = {
	    .operator_id = job->operator_id,
	    .station_id = job->subject,
	    .kind = "job.failed",
	    .subject = job->subject,
	    .question =
		"This wave could not be planned. Are the roads there, or the server that road_times names, and do all "
		"shipments lie near a street?",
	};
	return queue_add(sc, tx, &q, &id);
}

/* A night's lesson, on the house's roads. */
static enum code
learn_work(struct scope *sc, struct store *st, void *ctx, const struct job *job, void **result)
{
	const struct house *h = ctx;
	struct traffic_lesson *lesson = NULL;
	if (h->road != NULL)
		TRY(duty_learn_work(sc, st, &h->planner, job, &lesson));
	*result = lesson;
	return OK;
}

static enum code
learn_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	return duty_learn_commit(sc, tx, job, result);
}

/* Touches memory only, and may be run again. */
static enum code
speeds_work(struct scope *sc, struct store *st, void *ctx, const struct job *job, void **result)
{
	const struct house *h = ctx;
	*result = NULL;
	return traffic_refresh(sc, st, h->planner.traffic, job->operator_id);
}

static const struct job_kind learn_job = {DUTY_LEARN_JOB, learn_work, learn_commit, NULL};
static const struct job_kind speeds_job = {DUTY_SPEEDS_JOB, speeds_work, NULL, NULL};
static const struct job_kind plan_job = {DUTY_PLAN_JOB, plan_work, plan_commit, plan_give_up};

const struct job_kind *const day_job_kinds[] = {
    &chain_sequence_job,
    &chain_sign_job,
    &record_overdue_job,
    &freight_forget_job,
    &people_statutory_job,
    &people_suspension_job,
    &people_template_job,
    &people_appeal_picture_job,
    &offer_close_job,
    &hooks_turn_job,
    &hooks_forget_job,
    &duty_proof_job,
    &duty_end_job,
    &plan_job,
    &learn_job,
    &speeds_job,
    NULL,
};
