# SPDX-License-Identifier: Apache-2.0
"""hpa.py BIN: a HorizontalPodAutoscaler as a guide has it, beside its Deployment, on cgroups of our own: a load
step is decided on, carried out by the hook, shown, explained in numbers that are computed again here, and replays
byte for byte. A manifest that is broken meanwhile stays as it was and says so, and the others of its file go on."""
import json
import math
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
import fleet  # noqa: E402
from cli import TOP, World  # noqa: E402
from loads import until  # noqa: E402

GUIDE = """apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: example-service
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: example-service
  minReplicas: 2
  maxReplicas: 10
  metrics:
  - type: Resource
    resource:
      name: cpu
      target:
        type: Utilization
        averageUtilization: 70
"""
DEPLOYMENT = """---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: example-service
spec:
  template:
    spec:
      containers:
      - name: one
        resources: {requests: {cpu: 50m}}
      - name: two
        resources: {requests: {cpu: 50m}}
---
apiVersion: v1
kind: Service
metadata:
  name: example-service
spec: {type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]}
"""


VPA = """---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata:
  name: example-service
spec:
  targetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: example-service
  updatePolicy:
    updateMode: Auto
"""


def annotated(path):
    """The guide's manifest with what Kubernetes does not know: which cgroups, and who scales them."""
    lines = {"mode": "Enforce", "replicas": TOP + "/*", "exec": f"[/bin/sh, -c, 'cat >> {path}/orders']"}
    text = "".join(f"    plimsoll.io/{k}: \"{v}\"\n" for k, v in lines.items())
    return GUIDE.replace("  name: example-service\nspec:", f"  name: example-service\n  annotations:\n{text}spec:")


def condition(w, name):
    found = {c["type"]: c for c in w.aggregator.json("describe", "policy/example-service")["conditions"]}
    return found.get(name)


def a_calm_service_is_left_alone(w):
    until("a valid metric", lambda: (condition(w, "ScalingActive") or {}).get("reason") == "ValidMetricFound")
    policy = w.aggregator.json("get", "policies")["items"][0]
    assert policy["kind"] == "HorizontalPodAutoscaler", policy
    assert policy["target"] == "Deployment default/example-service", policy
    assert policy["current"] == policy["desired"] == 2 and policy["metrics"][0]["target"] == "70 %", policy
    assert re.search(r"example-service +HorizontalPodAutoscaler +Deployment default/example-service +Enforce "
                     r"+cpu \d+ %/70 %", w.aggregator("get", "policies"))
    assert not w.aggregator.json("decisions")["items"]


def the_guides_vpa_is_read_too(w):
    """Its containers are pods' by name, which nobody has here: it recommends nothing, which is not 0."""
    found = w.aggregator.json("get", "recommendations")["items"]
    assert len(found) == 1 and found[0]["target"] == "Deployment default/example-service", found
    assert found[0]["cpu_milli"] is None and found[0]["samples"] == 0 and found[0]["update_mode"] == "Auto", found
    lines = w.aggregator("watch", "recommendations", "-o", "json", "--seconds", "1").splitlines()  # not after a minute
    assert [json.loads(l)["policy"] for l in lines] == ["example-service"], lines
    assert re.search(r"example-service +Deployment default/example-service +– +– +–",
                     w.aggregator("get", "recommendations"))


def a_load_step_is_decided_on(w):
    os.unlink(w.calm)
    decision = until("a decision", lambda: w.aggregator.json("decisions")["items"])[-1]
    assert decision["from"] == 2 and decision["to"] > 2 and decision["mode"] == "Enforce", decision
    until("it is carried out", lambda: w.aggregator.json("decisions")["items"][-1]["outcome"] == "applied")
    with open(w.path + "/orders", encoding="utf-8") as f:
        order = json.loads(f.readline())
    assert (order["from"], order["to"], order["workload"]) == (2, decision["to"], "example-service"), order
    assert order["decision"] == decision["id"]
    assert condition(w, "AbleToScale")["status"] == "True"
    return decision


def a_person_can_compute_it_again(w, decision):
    text = w.aggregator("explain", decision["id"])
    value = re.search(r"cpu (\d+) % of request over 2 of 2 pods \((\d+)m of 100m\); target 70 %", text)
    formula = re.search(r"2 x (\d+) / 70 = ([\d.]+), rounded up: asks for (\d+)", text)
    assert value and formula, text
    percent, used, asks = int(value[1]), int(value[2]), int(formula[3])
    assert percent == used == int(formula[1]), text  # of 100m
    assert asks == math.ceil(2 * percent / 70), text
    assert "without a behavior a step reaches max(2 x 2, 4) = 4" in text
    assert decision["to"] == min(asks, 4), (decision, text)
    assert "the recorded inputs give the same outcome again, byte for byte" in text, text
    replay = w.aggregator.json("replay", decision["id"])
    assert replay["same"] is True, replay
    record = w.aggregator.json("explain", decision["id"])["record"]
    assert record["kind"] == "HPADecisionRecord" and record["outcome"]["to"] == decision["to"], record
    assert record["policy"]["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 70


NEW = """---
apiVersion: plimsoll.io/v1alpha1
kind: ScalingPolicy
metadata: {name: new}
spec: {maxReplica: 1}
"""


def policies(w):
    return {p["name"]: p for p in w.aggregator.json("get", "policies")["items"]}


def a_broken_manifest_is_its_own_matter(w):
    """The HPA of before stays in force, what is new and wrong is refused, the VPA of the same file is read anew."""
    w.write(annotated(w.path).replace("minReplicas: 2", "minReplicas: 11") + DEPLOYMENT
            + VPA.replace("updateMode: Auto", "updateMode: Off") + NEW)
    w.daemon.process.send_signal(signal.SIGHUP)
    until("a complaint", lambda: "not in force as they stand" in w.aggregator.warning("get", "policies"))
    old, new = (policies(w)[name] for name in ("example-service", "new"))
    assert old["in_force"] and old["max_replicas"] == 10 and old["min_replicas"] == 2, old
    assert [f["kept"] for f in old["faults"]] == [True], old
    assert re.search(r"policy\.yaml:\d+:16: spec.maxReplicas: must be greater than or equal to `minReplicas`",
                     old["faults"][0]["what"]), old
    assert not new["in_force"] and new["max_replicas"] is None, new
    assert new["faults"][0]["fix"] == 'did you mean "maxReplicas"?', new
    assert w.aggregator.json("get", "recommendations")["items"][0]["update_mode"] == "Off"
    out = w.aggregator("describe", "policy/example-service")
    for word in "as it was before", "spec.maxReplicas", "(min 2, max 10)", "AbleToScale":
        assert word in out, (word, out)
    out = w.aggregator("describe", "policy/new")
    assert "not in force" in out and 'unknown key "maxReplica"' in out and "maxReplicas" in out, out
    assert re.search(r"new +ScalingPolicy +– +– +– +– +– +– +not in force", w.aggregator("get", "policies"))
    assert "2 documents of the policy files are not in force" in w.aggregator("status")
    assert w.daemon.counters()["policies_not_in_force"] == 2
    assert w.daemon.counters()["policy_errors_total"] == 2
    w.write(annotated(w.path).replace("maxReplicas: 10", "maxReplicas: 9") + DEPLOYMENT)
    w.daemon.process.send_signal(signal.SIGHUP)
    until("the new version", lambda: policies(w)["example-service"]["max_replicas"] == 9)
    assert list(policies(w)) == ["example-service"] and not w.aggregator.warning("get", "policies")
    assert w.daemon.counters()["policies_not_in_force"] == 0


def two_on_one_replica_decide_nothing(w):
    """As in Kubernetes; here the second has one of the first one's replicas."""
    second = annotated(w.path).replace("  name: example-service\n  annotations", "  name: second\n  annotations")
    w.write(annotated(w.path) + DEPLOYMENT + "---\n" + second.replace(TOP + "/*", TOP + "/one"))
    w.daemon.process.send_signal(signal.SIGHUP)
    active = until("the condition",
                   lambda: (c := condition(w, "ScalingActive")) and c["reason"] == "AmbiguousSelector" and c)
    assert active["status"] == "False", active
    assert active["message"] == (f"pods by selector {TOP}/* are controlled by multiple HPAs: "
                                 "[example-service second]"), active
    until("the other's reason", lambda: policies(w)["second"]["reason"] == "ambiguous")
    assert re.search(r"2 HorizontalPodAutoscalers decide nothing.*the first: example-service", w.aggregator("status"))
    text = w.aggregator("explain", "hold/second")
    assert re.search(r"^second (\d+) -> \1 at .* \(held, HorizontalPodAutoscaler second, mode Enforce\)", text), text
    assert re.search(r"nothing was ordered: held at \d+ looks, since ", text) and "AmbiguousSelector" in text, text
    assert "the recorded inputs give the same outcome again, byte for byte" in text, text
    assert w.aggregator.json("replay", "hold/second")["reason"] == "ambiguous"
    assert w.aggregator("explain", "hold/second", "-o", "name") == "hold/second\n"
    w.write(annotated(w.path) + DEPLOYMENT)
    w.daemon.process.send_signal(signal.SIGHUP)
    until("its replicas to itself", lambda: condition(w, "ScalingActive")["reason"] == "ValidMetricFound")
    assert "decide nothing" not in w.aggregator("status")


def without_a_request_it_says_so(w):
    w.write(annotated(w.path))
    w.daemon.process.send_signal(signal.SIGHUP)
    active = until("the condition", lambda: (c := condition(w, "ScalingActive")) and c["status"] == "False" and c)
    assert active["reason"] == "FailedGetResourceMetric", active
    assert "missing request for cpu in container one of Pod " in active["message"], active


def main():
    if os.geteuid() != 0:
        print("SKIP: the agent needs root")
        return 77
    with fleet.folder() as (path, _, status):
        open(path + "/calm", "w", encoding="utf-8").close()
        w = World(path, status, annotated(path) + DEPLOYMENT + VPA, ["one", "two"], "--hpa-period", "1s")
        try:
            a_calm_service_is_left_alone(w)
            the_guides_vpa_is_read_too(w)
            decision = a_load_step_is_decided_on(w)
            a_person_can_compute_it_again(w, decision)
            print(w.aggregator("explain", decision["id"]), flush=True)
            a_broken_manifest_is_its_own_matter(w)
            two_on_one_replica_decide_nothing(w)
            without_a_request_it_says_so(w)
        except BaseException:
            print(open(w.daemon.log, encoding="utf-8").read(), file=sys.stderr)
            raise
        finally:
            w.end()
    return 0


sys.exit(main())
