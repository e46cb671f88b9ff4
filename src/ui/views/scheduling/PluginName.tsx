import { Fragment } from 'react'

/** A plugin's name that may break between its words. */
export function PluginName({ name }: { readonly name: string }) {
  return (
    <span>
      {name.split(/(?=[A-Z][a-z])/).map((word, i) => (
        <Fragment key={i}>
          {i > 0 && <wbr />}
          {word}
        </Fragment>
      ))}
    </span>
  )
}
