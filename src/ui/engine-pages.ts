/**
 * An application's pages in its engine's thread: an observer for the engine, then a listener for the driver's port, or a port of
 * their own in local mode. Guarded as REST is: by the cluster's secret, without one by asking from this machine.
 */
import type { RequestListener } from "node:http";
import { hostname, userInfo } from "node:os";
import { type Clock, systemClock } from "../base/clock.ts";
import { formatHostPort } from "../base/master-url.ts";
import { chooseBinding } from "../deploy/bind.ts";
import { listenHttp } from "../deploy/http-port.ts";
import { authenticated } from "../deploy/rest-authentication.ts";
import { restListener } from "../deploy/rest-server.ts";
import type { EngineObserver, EngineView } from "../exec/observer.ts";
import { AppStatus } from "./app-status.ts";
import { createApplicationPages } from "./application-pages.ts";

export interface EnginePagesSettings {
  readonly appName: string;
  readonly secret: string | undefined;
  readonly clock?: Clock;
  /** Further names of this machine, by which it may be asked without a secret. */
  readonly hosts?: readonly string[];
  readonly warn?: (message: string) => void;
}

export interface EnginePages {
  readonly observer: EngineObserver;
  /** `appId` gives what the master calls the application, once it does; absent in local mode. */
  listener(view: EngineView, appId?: () => string | undefined): RequestListener;
}

export function openEnginePages(settings: EnginePagesSettings): EnginePages {
  const { appName, secret, clock = systemClock, hosts = [], warn = () => {} } = settings;
  const status = new AppStatus();
  const startedMs = clock.nowMs();
  return {
    observer: status,
    listener(view, appId = () => undefined) {
      const application = {
        get id() {
          return appId();
        },
        ...{ name: appName, user: userName(), startedMs },
      };
      const guard = authenticated({ secret, clock, hosts: [hostname(), ...hosts], warn });
      const app = createApplicationPages(status, { ...view, application }, { guard, clock, warn });
      return restListener((request, from) => app.fetch(request, from), hostname());
    },
  };
}

export interface ServedPages {
  readonly url: string;
  close(): Promise<void>;
}

const portTries = 16;

/** On a port of their own, the next free one when it is taken; for this machine alone unless there is a secret. */
export async function serveEnginePages(
  listener: RequestListener,
  { port, secret }: { readonly port: number; readonly secret: string | undefined },
): Promise<ServedPages> {
  const { host, advertised } = chooseBinding("driver", undefined, secret);
  const served = await listenHttp(listener, {
    ...{ host, port, tries: portTries, purpose: "pages", option: "--conf firesteel.ui.port=N" },
  });
  return { url: `http://${formatHostPort({ host: advertised, port: served.port })}`, close: () => served.close() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // users that the system has no name for
    return process.env["USER"] ?? "unknown";
  }
}
