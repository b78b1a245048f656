package io.culvert.agent.enrol;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * The thread of life of an agent in a test: it is cut before or after one of the calls that the agent makes to the
 * world around it. What the call did stays done; nothing of the agent runs any more.
 */
final class Mortal {
    private int momentsLeft;

    /** @param moments so many befores and afters pass; the next one kills */
    Mortal(int moments) {
        this.momentsLeft = moments;
    }

    /** SIGKILL: no handler of the agent's catches it. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    /** {@code whole}, called by somebody who may die. */
    <T> T calls(Class<T> type, T whole) {
        Object proxy = Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> call(whole, method, arguments));
        return type.cast(proxy);
    }

    private Object call(Object whole, Method method, Object[] arguments) throws Throwable {
        pass();
        try {
            return method.invoke(whole, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        } finally {
            pass();
        }
    }

    /** One more moment at which it may end. */
    void pass() {
        if (momentsLeft == 0) {
            throw new Killed();
        }
        momentsLeft--;
    }
}
