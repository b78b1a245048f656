package io.culvert.testkit.mesh;

import java.time.Duration;

/** Is told each step of a mesh's life, as it is done. Called on the thread that drives the mesh. */
@FunctionalInterface
public interface MeshObserver {
    /**
     * A step is done.
     *
     * @param what for people, such as "proxy of node-1 is ready (pid 4711)"
     * @param took how long it was worked on and waited for
     */
    void done(String what, Duration took);
}
