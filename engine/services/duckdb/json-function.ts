import { DuckDBScalarFunction, VARCHAR } from '@duckdb/node-api';
import { canonicalJson } from '../../model/canonical-json.ts';

export const jsonFunctionName = 'etl_json';

/** `etl_json(text)`: the canonical text of JSON, for statements that compare it; what is no JSON stays as it is. */
export const jsonFunction = (): DuckDBScalarFunction =>
  DuckDBScalarFunction.create({
    name: jsonFunctionName,
    returnType: VARCHAR,
    parameterTypes: [VARCHAR],
    mainFunction: (_, input, output) => {
      const values = input.getColumnValues(0);
      for (let row = 0; row < input.rowCount; row += 1) {
        const value = values[row];
        output.setItem(row, typeof value === 'string' ? (canonicalJson(value) ?? value) : null);
      }
      output.flush();
    },
  });
