package io.culvert.agent.rules;

import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.pod.PodOverrides;
import java.io.IOException;

/** Redirection inside one pod. Both verbs can be repeated at will; either is whole or has not happened. */
public interface PodRules {
    /**
     * Makes the redirection what it should be, and looks at the kernel's copy of it afterwards.
     *
     * @throws IOException where the kernel refused, or what it holds is not what was written; then what was there
     *     before is there still, or the whole of the new
     */
    void apply(NetnsRef netns, PodOverrides overrides) throws IOException;

    /**
     * Takes everything of ours out; nothing there is success.
     *
     * @throws IOException where the kernel refused
     */
    void remove(NetnsRef netns) throws IOException;
}
