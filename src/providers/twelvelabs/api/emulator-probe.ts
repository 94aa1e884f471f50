import { request } from 'undici';
import { createDispatcher } from '../../../http/dispatcher';
import { NO_PROXIES, type ProxySettings } from '../../../http/proxy-settings';

const PROBE_TIMEOUT_MS = 3000;

/** True if our emulator answers at the base URL. The vendor's own hosts are not asked. */
export async function answersAsEmulator(baseUrl: string, proxies: ProxySettings = NO_PROXIES): Promise<boolean> {
  const { origin, hostname } = new URL(baseUrl);
  if (hostname.endsWith('twelvelabs.io')) return false;
  const dispatcher = createDispatcher({ connections: 1, requestTimeoutMs: PROBE_TIMEOUT_MS }, proxies);
  try {
    const { statusCode, body } = await request(`${origin}/_emulator/`, { dispatcher });
    const answer: unknown = await body.json();
    return statusCode === 200 && typeof answer === 'object' && answer !== null && 'emulator' in answer;
  } catch {
    return false;
  } finally {
    await dispatcher.destroy();
  }
}
