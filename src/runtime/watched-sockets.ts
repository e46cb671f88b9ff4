import type { Sockets } from './sockets.ts'

const isLoopback = (address: string) => address.startsWith('127.') || address === '::1'

/** Sockets that say when a process has asked others than its own pod: what it finds then may change without the pod. */
export function watchedSockets(sockets: Sockets, ownAddress: string, onOthers: () => void): Sockets {
  const note = (address: string) => {
    if (!isLoopback(address) && address !== ownAddress) onOthers()
  }
  return {
    lookup(name, family) {
      if (name !== 'localhost' && !/^[\d.]+$|:/.test(name)) onOthers()
      return sockets.lookup(name, family)
    },
    query(question, server, timeoutMs) {
      onOthers()
      return sockets.query(question, server, timeoutMs)
    },
    connect(target, options) {
      note(target.address)
      return sockets.connect(target, options)
    },
    datagram(target, payload, timeoutMs) {
      note(target.address)
      return sockets.datagram(target, payload, timeoutMs)
    },
    ping(address, timeoutMs, ttl) {
      note(address)
      return sockets.ping(address, timeoutMs, ttl)
    },
  }
}
