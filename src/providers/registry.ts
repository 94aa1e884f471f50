import { ConfigError, type Config } from '../config';
import type { MediaProvider } from './media-provider';
import { answersAsEmulator } from './twelvelabs/api/client';
import { createTwelveLabsProvider } from './twelvelabs/twelvelabs-provider';

/**
 * Opens the provider account that the environment names.
 * @throws ConfigError without an API key, unless the base URL answers as an emulator, which takes any.
 */
export async function openAccount({
  twelvelabs,
  proxies,
}: Config): Promise<MediaProvider & { close(): Promise<void> }> {
  const { apiKey, baseUrl, requestTimeoutMs } = twelvelabs;
  if (!apiKey && !(await answersAsEmulator(baseUrl, proxies))) {
    throw new ConfigError(
      `TWELVE_LABS_API_KEY: not set, and ${new URL(baseUrl).host} is no emulator; set it to your API key, ` +
        'or point TWELVELABS_BASE_URL at a running "asset-lifecycle emulator"',
    );
  }
  return createTwelveLabsProvider({ apiKey: apiKey ?? 'emulator', baseUrl, requestTimeoutMs, proxies });
}
