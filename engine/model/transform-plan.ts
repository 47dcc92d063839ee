export type TransformPlan =
  | { readonly name: 'trim' | 'upper' | 'lower' | 'collapse_spaces' | 'null_if_empty' | 'digits' }
  | { readonly name: 'replace'; readonly pattern: string; readonly with: string }
  | { readonly name: 'map'; readonly values: { readonly [from: string]: string } }
  | {
      readonly name: 'mapEach';
      readonly separator: string;
      readonly values: { readonly [from: string]: string };
    }
  | { readonly name: 'split'; readonly separator: string }
  | { readonly name: 'shift'; readonly places: number };
