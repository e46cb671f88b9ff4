import { create } from 'zustand'
import { useViewParams } from '../../state/view-params.ts'
import type { PacketProtocol } from '../../../worker/network/protocol.ts'

export const PAGES = ['packet', 'rules', 'traffic', 'modes'] as const
export type Page = (typeof PAGES)[number]

/** What the sender's bar says; it stands in the URL, so that a link sends the same packet. */
export interface Draft {
  /** 'pod:ns/name', 'node:name', 'outside', or '' as long as nobody has chosen. */
  readonly from: string
  readonly to: string
  readonly protocol: PacketProtocol
  readonly port: string
  readonly method: string
  readonly path: string
}
export const EMPTY_DRAFT: Draft = { from: '', to: '', protocol: 'http', port: '', method: 'GET', path: '/' }

/** Where in a story the reader is. */
export interface Position {
  /** Index of the packet. */
  readonly step: number
  /** Index of the station of its journey. */
  readonly station: number
}
export const BEGINNING: Position = { step: 0, station: 0 }

interface NetworkState {
  /** The story that is read; null before the first was sent. */
  readonly story: number | null
  readonly position: Position
  readonly playing: boolean
  /** 1: a microsecond takes MS_PER_US; 0.1: ten times that. */
  readonly pace: number
  readonly set: (change: Partial<Pick<NetworkState, 'story' | 'position' | 'playing' | 'pace'>>) => void
}

export const useNetwork = create<NetworkState>()((set) => ({
  story: null,
  position: BEGINNING,
  playing: false,
  pace: 1,
  set: (change) => set(change),
}))

const NAME = 'network'

/** A value of this view in the URL. */
export function useParam(name: string): readonly [string, (value: string) => void] {
  const value = useViewParams((state) => state.params[`${NAME}.${name}`] ?? '')
  return [value, (next) => useViewParams.getState().set({ [`${NAME}.${name}`]: next })]
}

export function setParams(change: { readonly [name: string]: string }): void {
  useViewParams.getState().set(Object.fromEntries(Object.entries(change).map(([name, value]) => [`${NAME}.${name}`, value])))
}

export function readParam(name: string): string {
  return useViewParams.getState().params[`${NAME}.${name}`] ?? ''
}
