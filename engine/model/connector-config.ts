import type * as config from './config.ts';

/** What a `connector.yml` says; anything may be missing until it is checked. */
export interface ConnectorConfig {
  readonly title?: string;
  readonly description?: string;
  readonly docs?: string;
  readonly checked?: string;
  readonly vars?: { readonly [name: string]: ConnectorVar };
  readonly budget?: config.Budget;
  readonly streams?: { readonly [name: string]: config.Stream };
}

/** A variable that the settings of a connector use. */
export interface ConnectorVar {
  readonly description?: string;
  readonly default?: string | number | boolean;
  readonly example?: string | number | boolean;
}
