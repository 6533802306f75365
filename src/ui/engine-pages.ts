/**
 * An application's pages in its engine's thread: an observer for the engine, then a listener for the driver's port, or a port of
 * their own in local mode. Guarded as REST is: by the cluster's secret, without one by asking from this machine.
 */
import type { RequestListener } from "node:http";
import { type Clock, systemClock } from "../base/clock.ts";
import { formatHostPort } from "../base/master-url.ts";
import { chooseBinding } from "../deploy/bind.ts";
import { listenHttp } from "../deploy/http-port.ts";
import type { EngineObserver, EngineView } from "../exec/observer.ts";
import { userName } from "../platform/user-name.ts";
import { AppStatus } from "./app-status.ts";

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
  /** `appId` gives what the application is called, once it has a name: in a cluster the master gives it. */
  listener(view: EngineView, appId?: () => string | undefined): RequestListener;
}

/** Costs little until someone looks: what draws pages is imported then. */
export function openEnginePages(settings: EnginePagesSettings): EnginePages {
  const { appName, clock = systemClock, warn = () => {} } = settings;
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
      let opened: Promise<RequestListener> | undefined;
      const open = async () => {
        const { engineListener } = await import("./engine-listener.ts");
        return engineListener(status, { ...view, application }, { ...settings, clock });
      };
      return (request, response) => {
        (opened ??= open()).then(
          listener => listener(request, response),
          (thrown: unknown) => {
            warn(`pages cannot be shown: ${String(thrown)}`);
            response.writeHead(500).end();
          },
        );
      };
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
