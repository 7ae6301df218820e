//! The script that submits a sweep to Slurm.

use std::fmt::Write;

/// What a cluster needs to know, and the sweep's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlurmScript {
    /// The program, as a path that exists on all nodes.
    pub program: String,
    /// The results folder, as a path that exists on all nodes.
    pub results: String,
    /// The number of jobs in the plan.
    pub jobs: u64,
    /// The largest number of tasks of the array, at most the cluster's `MaxArraySize`. A task of a longer plan runs several jobs.
    pub tasks: u64,
    /// The largest number of tasks that run at a time; all if `None`.
    pub at_a_time: Option<u64>,
    /// The partition.
    pub partition: Option<String>,
    /// The time limit of a task, in Slurm's form.
    pub time: Option<String>,
    /// The number of cores of a task.
    pub cpus: u16,
    /// The number of GPUs of a task; 0 for none.
    pub gpus: u16,
    /// Seconds before the time limit at which a task is told to save its state.
    pub signal_seconds: u32,
    /// Further options of `sbatch`, such as `--account=physics`.
    pub options: Vec<String>,
}

/// The exit code of a program that was told to stop, saved its state, and asks to be run again: `EX_TEMPFAIL` of `sysexits.h`.
pub const REQUEUE: u8 = 75;

impl SlurmScript {
    /// The number of jobs of a task.
    #[must_use]
    pub fn jobs_a_task(&self) -> u64 {
        self.jobs.div_ceil(self.tasks.max(1)).max(1)
    }

    /// The script. Run by `bash` on a login node, it submits an array of tasks, and a task that gathers the results after them.
    #[must_use]
    pub fn text(&self) -> String {
        let each = self.jobs_a_task();
        let last = self.jobs.div_ceil(each).saturating_sub(1);
        let at_a_time = self.at_a_time.map_or_else(String::new, |tasks| format!("%{tasks}"));
        let (program, results) = (quoted(&self.program), quoted(&self.results));
        let logs = quoted(&format!("{}/sweep/logs", self.results));
        let mut options = String::new();
        let mut option = |text: &str| {
            // Writing to a string does not fail.
            let _ = writeln!(options, "#SBATCH {text}");
        };
        for (name, value) in [("partition", &self.partition), ("time", &self.time)] {
            if let Some(value) = value {
                option(&format!("--{name}={value}"));
            }
        }
        for further in &self.options {
            option(further);
        }
        let gpus = if self.gpus > 0 { format!("#SBATCH --gpus-per-task={}\n", self.gpus) } else { String::new() };
        let (cpus, signal) = (self.cpus, self.signal_seconds);
        let jobs = match each {
            1 => "--job \"$SLURM_ARRAY_TASK_ID\"".to_owned(),
            _ => "--jobs \"$first-$last\"".to_owned(),
        };
        let range = match each {
            1 => String::new(),
            _ => format!(
                "first=$((SLURM_ARRAY_TASK_ID * {each}))\n\
                 last=$((first + {each} - 1))\n\
                 [ \"$last\" -lt {} ] || last=$(({} - 1))\n",
                self.jobs, self.jobs
            ),
        };
        format!(
            "#!/usr/bin/env bash
# Submits the sweep in {results} to Slurm. Run it with bash on a login node.
set -euo pipefail
mkdir -p {logs}
array=$(sbatch --parsable --output={logs}/%A_%a.log <<'EOF'
#!/usr/bin/env bash
#SBATCH --job-name=minima-sweep
#SBATCH --array=0-{last}{at_a_time}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={cpus}
{gpus}#SBATCH --open-mode=append
# Before the time limit, the program saves its state and asks for a requeue.
#SBATCH --requeue
#SBATCH --signal=USR1@{signal}
{options}{range}code=0
srun --ntasks=1 --cpus-per-task={cpus} {program} sweep run {results} {jobs} --threads {cpus} || code=$?
if [ \"$code\" -eq {REQUEUE} ]; then
  scontrol requeue \"$SLURM_JOB_ID\"
fi
exit \"$code\"
EOF
)
gather=$(sbatch --parsable --output={logs}/gather-%j.log --dependency=\"afterany:${{array%%;*}}\" <<'EOF'
#!/usr/bin/env bash
#SBATCH --job-name=minima-gather
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={cpus}
{options}srun --ntasks=1 --cpus-per-task={cpus} {program} sweep gather {results} --threads {cpus}
EOF
)
echo \"Submitted the array $array, and $gather, which gathers its results. Progress: {program} sweep status {results}\"
"
        )
    }
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    fn script() -> SlurmScript {
        SlurmScript {
            program: "/home/me/bin/minima".to_owned(),
            results: "/scratch/it's mine/results".to_owned(),
            jobs: 12,
            tasks: 1000,
            at_a_time: None,
            partition: None,
            time: None,
            cpus: 2,
            gpus: 0,
            signal_seconds: 60,
            options: Vec::new(),
        }
    }

    /// Whether a shell can read the text.
    fn is_read_by_bash(text: &str) -> bool {
        let Ok(mut bash) = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn() else {
            eprintln!("skipped: there is no bash");
            return true;
        };
        bash.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        bash.wait().unwrap().success()
    }

    #[test]
    fn a_task_runs_a_job() {
        let text = script().text();
        assert!(is_read_by_bash(&text), "{text}");
        for line in [
            "#SBATCH --array=0-11\n",
            "#SBATCH --signal=USR1@60\n",
            r#"srun --ntasks=1 --cpus-per-task=2 /home/me/bin/minima sweep run '/scratch/it'\''s mine/results' --job "$SLURM_ARRAY_TASK_ID" --threads 2 || code=$?"#,
            "if [ \"$code\" -eq 75 ]",
            r#"--dependency="afterany:${array%%;*}""#,
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("gpus"));
    }

    #[test]
    fn a_long_plan_shares_its_jobs_among_the_tasks() {
        let long = SlurmScript {
            jobs: 2_501,
            at_a_time: Some(50),
            partition: Some("gpu".to_owned()),
            time: Some("02:00:00".to_owned()),
            gpus: 1,
            options: vec!["--account=physics".to_owned()],
            ..script()
        };
        let text = long.text();
        assert!(is_read_by_bash(&text), "{text}");
        // Three jobs a task; the last task has two.
        for line in [
            "#SBATCH --array=0-833%50\n",
            "first=$((SLURM_ARRAY_TASK_ID * 3))\n",
            "[ \"$last\" -lt 2501 ] || last=$((2501 - 1))\n",
            "--jobs \"$first-$last\"",
            "#SBATCH --gpus-per-task=1\n",
            "#SBATCH --partition=gpu\n#SBATCH --time=02:00:00\n#SBATCH --account=physics\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
}
