# SPDX-License-Identifier: Apache-2.0
"""from_hpa.py RECORDED VECTORS: writes VECTORS/*.json, the cases that hpa_cases.c runs, from what was
recorded of the Kubernetes 1.36 HorizontalPodAutoscaler (hpa_replica_calculator.json, hpa_normalize.json,
hpa_sequence.json in RECORDED). It translates and never computes a replica count. What does not apply to
this decider is named under the reason, so that nothing is dropped unseen."""
import json
import math
import os
import sys
from fractions import Fraction

SUFFIX = {"n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000), "": 1,
          **{s: 1000**(i + 1) for i, s in enumerate("kMGTPE")},
          **{s + "i": 1024**(i + 1) for i, s in enumerate("KMGTPE")}}
DEFAULT_UP = [{"type": "Pods", "value": 4, "periodSeconds": 15},
              {"type": "Percent", "value": 100, "periodSeconds": 15}]
DEFAULT_DOWN = [{"type": "Percent", "value": 100, "periodSeconds": 15}]
MEMORY = 256  # DECIDE_MEMORY: a recommendation counts for up to longest window / 255 longer
LACKS_REQUEST = "a request that a pod lacks (here the policy has it)"
REPLICAS_MOST = 1000  # of a view that can be made to ask for any number


class NotApplicable(Exception):
    pass


def need(truth, reason):
    if not truth:
        raise NotApplicable(reason)


def milli(text):
    """A quantity in milli-units, rounded up as MilliValue() does."""
    number = text.rstrip("numkKMGTPEi") if not text[-1].isdigit() else text
    suffix = text[len(number):]
    return math.ceil(Fraction(number) * SUFFIX[suffix] * 1000)


def permille(tolerance):
    value = Fraction(str(tolerance)) * 1000
    need(value.denominator == 1, "a tolerance finer than a permille")
    return int(value)


# --- pods -----------------------------------------------------------------------------------------

def named(containers, name):
    return [c for c in containers if name in ("", c["name"])]


def usage(metric, resource, container):
    """None: the pod counts as without a metric."""
    used = [c["usage"].get(resource) for c in named(metric["containers"], container)] if metric else []
    return sum(map(milli, used)) if used and None not in used else None


def unready(pod, metric, config, now):
    ready, start = pod.get("ready"), pod.get("startTimeMs")
    if not ready or start is None:
        return True
    false = ready["status"] == "False"
    if start + config["cpuInitializationPeriodMs"] > now:
        return false or metric["timestampMs"] < ready["lastTransitionMs"] + metric["windowMs"]
    return false and start + config["initialReadinessDelayMs"] > ready["lastTransitionMs"]


def request(pod, template, resource, container):
    if "podRequests" in pod and not container:
        need(resource in pod["podRequests"], LACKS_REQUEST)
        return milli(pod["podRequests"][resource])
    containers = list(pod.get("containers", template.get("containers", [])))
    containers += [c for c in pod.get("initContainers", template.get("initContainers", []))
                   if c.get("restartPolicy") == "Always"]
    containers = named(containers, container)
    need(containers and all(resource in c.get("requests", {}) for c in containers), LACKS_REQUEST)
    return sum(milli(c["requests"][resource]) for c in containers)


def replicas(at, config, template, now, resource="cpu", container=""):
    """(milli-units a replica uses, None without a sample; the request they share)"""
    metrics = {} if at.get("metricsError") or at.get("podMetricsError") else \
        {m["pod"]: m for m in at.get("podMetrics", [])}
    live = [p for p in at["pods"] if not p.get("deleting") and p["phase"] != "Failed"]
    for pod in live:
        need(pod["phase"] != "Pending", "a pod that is not ready (readiness is not known here)")
        metric = metrics.get(pod["name"])
        need(resource != "cpu" or usage(metric, resource, container) is None
             or not unready(pod, metric, config, now),
             "a pod that is not ready (readiness is not known here)")
    used = [usage(metrics.get(p["name"]), resource, container) for p in live]
    need(None not in used or not set(metrics) - {p["name"] for p in at["pods"]},
         "a metric of a pod that is gone, next to one that is missing")
    requests = {request(p, template, resource, container) for p in live}
    need(len(requests) <= 1, "requests that differ between pods")
    return used, requests.pop() if requests else 1


# --- the three suites -----------------------------------------------------------------------------

def calculator(case):
    """Memory, too: a share of a request is a share of a request."""
    i, out = case["in"], case["out"]
    need(i["type"] in ("Resource", "ContainerResource") and i["target"]["type"] == "Utilization",
         "another kind of metric")
    need(not out.get("implementationDefined"), "a number that Go leaves to the machine")
    target = i["target"]["averageUtilization"]
    side = "up" if out.get("utilizationPct", 0) > target else "down"
    need(not out["error"] or out["error"]["class"] in
         ("metrics_fetch_failed", "metrics_empty", "no_pods", "no_usable_metrics"), LACKS_REQUEST)
    used, whole = replicas(i, i, {}, 0, i["resource"], i.get("container", ""))
    ours = {"current": i["specReplicas"], "target": target, "request_milli": whole, "cpu_milli": used,
            "tolerance_permille": permille(i["tolerance"][side])}
    need(1 <= ours["target"] <= 1000, "a target that no policy may have")
    if out["error"]:
        return {**ours, "known": False}
    return {**ours, "known": True, "asks": out["replicas"], "value": out["utilizationPct"]}


def windows(i):
    up = i["behavior"]["scaleUp"]["stabilizationWindowSeconds"] * 1000
    down = i["behavior"]["scaleDown"].get("stabilizationWindowSeconds")
    return up, i["downscaleStabilizationMs"] if down is None else down * 1000


def age_ns(age_ms, up_ms, down_ms):
    """What is just past its window is moved past the part of a window for which it still counts here."""
    part = max(up_ms, down_ms) * 1000000 // (MEMORY - 1) + 1
    age = age_ms * 1000000
    for window in (up_ms * 1000000, down_ms * 1000000):
        if window and window <= age_ms * 1000000 < window + part:
            age = max(age, window + part)
    need(all((age < w * 1000000) == (age_ms < w) for w in (up_ms, down_ms)),
         "a recommendation between two windows that are closer than the memory tells apart")
    return age


def stabilization(case):
    i, out = case["in"], case["out"]
    need(i["mode"] == "behavior", "a spec without behavior: an older stabilization, upwards too")
    up, down = windows(i)
    log = [[age_ns(-r["tMs"], up, down), r["replicas"]] for r in i.get("recommendations", [])]
    need(min([r for _, r in log] + [i["currentReplicas"], i["desiredReplicas"]]) >= 0,
         "a negative number of replicas")
    return {"current": i["currentReplicas"], "asked": i["desiredReplicas"], "up_ms": up, "down_ms": down,
            "remembered": sorted(log, reverse=True), "stabilized": out["stabilized"]}


def is_default(rules, policies):
    return rules["policies"] == policies and rules["selectPolicy"] == "Max"


def limits(case):
    i, out = case["in"], case["out"]
    ours = stabilization(case)
    up, down = i["behavior"]["scaleUp"], i["behavior"]["scaleDown"]
    grows, shrinks = (out["stabilized"] > i["currentReplicas"], out["stabilized"] < i["currentReplicas"])
    need((not grows or is_default(up, DEFAULT_UP)) and (not shrinks or is_default(down, DEFAULT_DOWN)),
         "other scaling policies than the default")
    events = i.get("scaleUpEvents", []) + i.get("scaleDownEvents", [])
    need(not grows or all(e["tMs"] <= -15000 for e in events),
         "a change within the last 15 s (here a step is limited, not 15 s)")
    need(i["minReplicas"] <= i["currentReplicas"] <= i["maxReplicas"],
         "current replicas out of bounds (the controller never gets here with them)")
    need(1 <= i["minReplicas"] and 1 <= i["currentReplicas"] <= REPLICAS_MOST,
         "more replicas than these tests make up, or none")
    return {**ours, "min": i["minReplicas"], "max": i["maxReplicas"], "to": out["replicas"]}


def step(at, out, config, template, bounds):
    need(not at.get("faults"), "a fault of the API server")
    bounds.update({to: at[source] for source, to in (("setMinReplicas", "min"), ("setMaxReplicas", "max"))
                   if source in at})
    need(bounds["min"] <= at["scale"]["spec"] <= bounds["max"],
         "current replicas out of bounds (there no metric is looked at and remembered then)")
    cpu, whole = replicas(at, config, template, at["tMs"])
    return {"ms": at["tMs"], "current": at["scale"]["spec"], "request_milli": whole, "cpu_milli": cpu,
            "to": at["scale"]["spec"] if out["scaledTo"] is None else out["scaledTo"], **bounds}


def sequence(case):
    """A run up to the first step that does not apply; (run, reason and number of the steps cut off)"""
    i, spec = case["in"], case["in"]["spec"]
    metrics = spec["metrics"]
    need(len(metrics) == 1 and metrics[0]["type"] == "Resource" and metrics[0]["resource"]["name"] == "cpu"
         and metrics[0]["resource"]["target"]["type"] == "Utilization", "another kind of metric")
    need("behavior" in spec, "a spec without behavior: an older stabilization, upwards too")
    up, down = spec["behavior"]["scaleUp"], spec["behavior"]["scaleDown"]
    need(is_default(up, DEFAULT_UP) and is_default(down, DEFAULT_DOWN), "other scaling policies than the default")
    need("tolerance" not in up and "tolerance" not in down, "a tolerance for each direction")
    config = i["config"]
    bounds = {"min": spec["minReplicas"], "max": spec["maxReplicas"]}
    run = {"target": metrics[0]["resource"]["target"]["averageUtilization"],
           "tolerance_permille": permille(config["tolerance"]), "steps": []}
    run["up_ms"], run["down_ms"] = windows({"behavior": spec["behavior"], **config})
    for at, out in zip(i["steps"], case["out"]["steps"]):
        try:
            run["steps"].append(step(at, out, config, i, bounds))
        except NotApplicable as reason:
            return run, str(reason), len(i["steps"]) - len(run["steps"])
    return run, None, 0


# --- files ----------------------------------------------------------------------------------------

def short(case):
    return "-".join(case["name"].split("-")[1:3])


def write(folder, name, cases, left_out):
    with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as file:
        lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
        reasons = ",\n".join(f"{json.dumps(r)}:{json.dumps(n, separators=(',', ':'))}"
                             for r, n in sorted(left_out.items()))
        file.write(f'{{"cases":[\n{lines}\n],"not_applicable":{{\n{reasons}\n}}}}\n')
    print(f"{name}: {len(cases)} cases, {sum(map(len, left_out.values()))} not applicable")


def translate(recorded, one):
    """One case or, of a run, one step is one name."""
    cases, left_out = [], {}
    for case in recorded:
        names = [short(case)]
        if "steps" in case["in"]:
            names = [f"{names[0]}/{s['tMs'] // 1000}s" for s in case["in"]["steps"]]
        try:
            ours = one(case)
        except NotApplicable as reason:
            left_out.setdefault(str(reason), []).extend(names)
            continue
        if isinstance(ours, tuple):
            ours, reason, cut = ours
            if cut:
                left_out.setdefault(f"{reason}, and the steps after it", []).extend(names[-cut:])
            if not ours["steps"]:
                continue
        cases.append({"name": short(case), **ours})
    return cases, left_out


def main(recorded, folder):
    for source, name, one in (("hpa_replica_calculator", "utilization", calculator),
                              ("hpa_normalize", "stabilization", stabilization),
                              ("hpa_normalize", "limits", limits),
                              ("hpa_sequence", "runs", sequence)):
        with open(os.path.join(recorded, source + ".json"), encoding="utf-8") as file:
            write(folder, name, *translate(json.load(file)["cases"], one))


main(*sys.argv[1:3])
