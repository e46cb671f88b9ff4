import { create } from 'zustand'

/** What a view keeps in the URL of its own: 'network.from' belongs to the view 'network'. Only the shown view's are written. */
interface ViewParamsState {
  readonly params: { readonly [name: string]: string }
  /** Changes some; '' takes one out. */
  readonly set: (change: { readonly [name: string]: string }) => void
}

export const useViewParams = create<ViewParamsState>()((set) => ({
  params: {},
  set: (change) =>
    set(({ params }) => {
      const next = Object.fromEntries(Object.entries({ ...params, ...change }).filter(([, value]) => value !== ''))
      const same =
        Object.keys(next).length === Object.keys(params).length && Object.keys(next).every((name) => next[name] === params[name])
      return same ? {} : { params: next }
    }),
}))
