package io.culvert.agent.eligibility;

/** One way into the mesh: a pod whose labels and whose namespace's labels both match. */
public record EnablementSelector(LabelSelector pod, LabelSelector namespace) {}
