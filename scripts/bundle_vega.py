#!/usr/bin/env python
"""Bundle the drawing libraries that every figure's page carries: one script for all of them."""

from unspoken.jobs import start_job


def main() -> None:
    job = start_job(__doc__ or "", ("vega",))
    import vl_convert

    from unspoken.files import written_whole

    with written_whole(job.vega) as path:
        path.write_text(vl_convert.javascript_bundle())


if __name__ == "__main__":
    main()
