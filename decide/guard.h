/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guards: each keeps one kind of misleading data from a wrong-way action (docs/design/safety.md). In
 * every program they are always on: GUARD() is its condition and nothing else. tests/safety compiles the same
 * sources a second time with PLIMSOLL_GUARDS_OFF, where a guard can be taken away, to show that what it stands
 * against really happens without it.
 */
#ifndef DECIDE_GUARD_H
#define DECIDE_GUARD_H

/* X(ID, invariant, what it stands against) */
#define GUARDS_X(X) \
	X(COVERAGE, "I1", "shrinking on what few replicas say") \
	X(FILL, "I4", "taking replicas that nobody measured for average ones") \
	X(BELOW, "I1", "growing because more are seen than it is set to, though these are below target") \
	X(WARMING, "I1", "shrinking while ordered replicas have not shown up") \
	X(SETTLING, "I3", "taking means from before replicas went away for what the others do now") \
	X(SILENCE, "I2", "shrinking while a good part of the fleet is silent") \
	X(STRAIN, "I3", "taking a workload that waits for something for an idle one") \
	X(STEP, "I9", "growing without bound") \
	X(PACE, "I9", "shrinking all at once") \
	X(BUDGET, "I9", "all policies together growing without bound") \
	X(UNFILLED, "I10", "ordering more while the last order is not filled") \
	X(GAIN, "I11", "growing on and on though it does not help") \
	X(YOUNG, "I11", "taking the work of starting up for load") \
	X(FOREIGN, "I8", "counting from what was ordered where somebody else has set more") \
	X(PATIENCE, "I8", "ordering again at once what somebody else took away, or counting those that are lost as gone") \
	X(GONE, "I8", "an order to have fewer that starts some, or gives up those that were lost under load") \
	X(STILL, "I1", "taking a node whose counters stand still for an idle one") \
	X(FALLEN, "I14", "believing a counter that went backwards") \
	X(CAPACITY, "I14", "believing more CPU time than the machine has") \
	X(RETURN, "I14", "taking requests of long ago, whose counters come back from 0, for requests of now") \
	X(DURATIONS, "I14", "believing the durations of more requests than were answered")

enum guard {
#define X(ID, invariant, against) GUARD_##ID,
	GUARDS_X(X)
#undef X
	GUARDS
};

#ifdef PLIMSOLL_GUARDS_OFF
extern unsigned guard_off; /* a bit a guard: 1u << GUARD_… */
#define GUARD(ID, holds) (!(guard_off & 1u << GUARD_##ID) && (holds))
#else
#define GUARD(ID, holds) (holds)
#endif

#endif
