import socket

from devtools.benchmarks.machine import circumstances, cpu_model


def test_the_cpu_model_is_read_from_cpuinfo() -> None:
    assert cpu_model("processor\t: 0\nmodel name\t: A Fine CPU @ 2.00GHz\nmodel name\t: other\n") == (
        "A Fine CPU @ 2.00GHz"
    )
    assert cpu_model("processor : 0\n") == "unknown"


def test_circumstances_do_not_name_the_machine() -> None:
    now = circumstances()
    assert now.machine.cores >= 1
    assert now.versions.packages["temporalio"]
    assert f'"{socket.gethostname()}"' not in now.model_dump_json()
