import type { ConnectionOptions } from '@temporalio/client';

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/;

/** gRPC reads `https_proxy` by itself, also for a server on this machine, where no proxy would find it. */
export const directIfLocal = (address: string): Pick<ConnectionOptions, 'channelArgs'> =>
  LOOPBACK.test(address) ? { channelArgs: { 'grpc.enable_http_proxy': 0 } } : {};
